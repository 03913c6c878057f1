"""What the embedder is tuned on: claims with the passage that settles them, none of it from a set that is held back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eval.parts import part_of
from tests.training.folder import data_folder, page_in, row
from training.embedder_pairs import Bm25, Match, Shown, chosen, matches_of, with_wrong

PAGE, OTHER = page_in("train"), page_in("train", avoid=[page_in("train")])


def matches(folder: Path, files: dict[str, list[dict[str, Any]]], written: str = "") -> list[Match]:
    own = folder / "own"
    own.mkdir(parents=True)
    (own / "own.jsonl").write_text(written, encoding="utf-8")
    return matches_of(data_folder(folder / "data", files), "train", own)


def told(found: list[Match]) -> list[tuple[str, str, str]]:
    return [(match.claim, match.passage.text, match.kind) for match in found]


def match(claim: str, text: str, *, kind: str = "fever", about: str = "", crosses: bool = False) -> Match:
    return Match(claim, Shown(text, about or text), kind, kind, crosses)


def test_a_claim_that_is_settled_goes_with_its_evidence_as_the_product_embeds_it(tmp_path: Path) -> None:
    found = matches(tmp_path, {"fever/train.jsonl.gz": [
        row(1, "The bridge is long.", "It is 312 metres long.", "supported", title=PAGE),
        row(2, "The bridge is short.", "It is 312 metres long.", "contradicted", title=PAGE),
        row(3, "The bridge is blue.", "It is 312 metres long.", "unverifiable", title=PAGE),
        row(4, "The bridge is in the dev part.", "It is.", "supported", title=page_in("dev")),
    ]})  # fmt: skip
    text = f"{PAGE}\nIt is 312 metres long."
    assert told(found) == [("The bridge is long.", text, "fever"), ("The bridge is short.", text, "fever")]
    assert {one.passage.about for one in found} == {PAGE}


def test_of_a_long_document_the_passage_with_the_marked_sentence_is_taken(tmp_path: Path) -> None:
    filler = " ".join(f"Nothing of note was reported from ward {number} during that long year." for number in range(12))
    text = f"{filler} Mortality fell by a third. {filler}"
    long = row(1, "Fewer died of mortality of note reported.", text, "supported", rationale={"doc1": [12]})
    long["evidence"][0]["title"] = ""
    files = {"citint/train.jsonl.gz": [long]}
    names = (f"doc{number}" for number in range(1, 200))
    name = next(name for name in names if part_of("citint/train.jsonl.gz", name) == "train")
    long["evidence"][0]["doc_id"] = name
    long["meta"]["rationale"] = {name: [12]}
    (one,) = matches(tmp_path, files)
    assert "Mortality fell by a third." in one.passage.text
    assert len(one.passage.text) < 900
    assert one.passage.about == name


def test_nothing_is_learned_from_a_set_that_is_held_back_nor_from_its_pages_or_claims(tmp_path: Path) -> None:
    found = matches(tmp_path, {
        "fm2/dev.jsonl.gz": [row(1, "Held.", "Held text.", "supported", title=PAGE)],
        "fm2/corpus.jsonl.gz": [{"doc_id": "a", "title": f"{PAGE} (film)", "text": "Held."}],
        "scifact/train.jsonl.gz": [row(2, "Asked elsewhere!", "Cells.", "supported", title=OTHER)],
        "fever/train.jsonl.gz": [
            row(3, "Of the same page.", "Some text.", "supported", title=PAGE.lower()),
            row(4, "Asked elsewhere", "Other text.", "supported", title=OTHER),
            row(5, "Of another page.", "Other text.", "supported", title=OTHER),
        ],
    })  # fmt: skip
    assert [one.claim for one in found] == ["Of another page."]


def test_paraphrases_go_with_each_other_within_a_language_and_across(tmp_path: Path) -> None:
    number = next(number for number in range(100) if part_of("pawsx/", f"pawsx {number}") == "train")
    text = {
        "en": ("A son of Ann.", "Ann's son."),
        "de": ("Ein Sohn von Ann.", "Anns Sohn."),
        "fr": ("Fils.", "Le fils."),
    }
    rows = [row(at, text[lang][0], text[lang][1], "supported", lang=lang, pair=number) for at, lang in enumerate(text)]
    other = next(other for other in range(number + 1, 200) if part_of("pawsx/", f"pawsx {other}") == "train")
    rows.append(row(9, "Ann of a son.", "A son of Bo.", "not_supported", pair=other))
    found = matches(tmp_path, {"pawsx/dev.binary.jsonl.gz": rows})
    assert told(found) == [
        ("A son of Ann.", "Ann's son.", "pawsx-en-en"),
        ("A son of Ann.", "Anns Sohn.", "pawsx-en-de"),
        ("Ein Sohn von Ann.", "Ann's son.", "pawsx-de-en"),
        ("Ein Sohn von Ann.", "Anns Sohn.", "pawsx-de-de"),
    ]
    assert [one.crosses for one in found] == [False, True, True, False]
    assert len({one.passage.about for one in found}) == 1


def test_a_question_goes_with_the_passage_that_holds_its_answer_in_both_languages(tmp_path: Path) -> None:
    def paragraph(lang: str, title: str, text: str) -> dict[str, Any]:
        return {"doc_id": f"xquad-{lang}-0-3", "title": title, "text": text, "lang": lang}

    def question(lang: str, asked: str, answer: str) -> dict[str, Any]:
        name, doc = f"xquad-{lang}-77", f"xquad-{lang}-0-3"
        return {"id": name, "question": asked, "answer": answer, "doc_id": doc, "lang": lang}

    title = page_in("train", "xquad/corpus.jsonl.gz")
    found = matches(tmp_path, {
        "xquad/corpus.jsonl.gz": [
            paragraph("en", title, "There are 26 mills."),
            paragraph("de", title, "Es gibt 26 Mühlen."),
        ],
        "xquad/questions.jsonl.gz": [question("en", "How many mills?", "26"), question("de", "Wie viele?", "26")],
    })  # fmt: skip
    assert told(found) == [
        ("How many mills?", f"{title}\nThere are 26 mills.", "xquad-en-en"),
        ("How many mills?", f"{title}\nEs gibt 26 Mühlen.", "xquad-en-de"),
        ("Wie viele?", f"{title}\nThere are 26 mills.", "xquad-de-en"),
        ("Wie viele?", f"{title}\nEs gibt 26 Mühlen.", "xquad-de-de"),
    ]
    assert {one.passage.about for one in found} == {"xquad 0-3"}


def test_a_claim_written_by_hand_goes_with_its_whole_passage(tmp_path: Path) -> None:
    def claim(lang: str, label: str, quote: str) -> dict[str, str]:
        return {"text": f"{lang} {label}", "lang": lang, "label": label, "quote": quote, "how": "x"}

    said = [claim("en", "supported", "Six boats came."), claim("de", "contradicted", "Six boats came.")]
    lines = [
        json.dumps({"id": f"a-{number}", "lang": "en", "title": "Harbour", "passage": "Six boats came. Nobody waved.",
                    "claims": [*said, claim("en", "unverifiable", "")]})
        for number in range(3)
    ]  # fmt: skip
    found = matches(tmp_path, {"fever/train.jsonl.gz": []}, "\n".join(lines))
    assert len(found) >= 2  # a fifth of the passages is dev
    assert set(told(found)) == {
        ("en supported", "Harbour\nSix boats came. Nobody waved.", "written-en-en"),
        ("de contradicted", "Harbour\nSix boats came. Nobody waved.", "written-de-en"),
    }


def test_wrong_passages_are_near_in_words_and_never_settle_the_claim() -> None:
    asked = "Lindgren opened the bridge over the Aldheim in 1932."
    found = with_wrong([
        match(asked, "The bridge over the Aldheim was opened in 1932 by Lindgren."),
        match(asked, "Lindgren: mayor, opened it in 1932."),
        match("Who?", "The bridge over the Aldheim in 1932, which Lindgren had opened, was closed again."),
        match("Where?", "The bridge over the Aldheim is painted blue."),
        match("What?", "Wolves live far from here."),
        match("In another set?", "The bridge over the Aldheim is painted green.", kind="citint"),
    ])  # fmt: skip
    assert [other.text for other in found[0].wrong] == ["The bridge over the Aldheim is painted blue."]


def test_across_languages_wrong_passages_are_those_near_to_the_right_one() -> None:
    found = with_wrong([
        match("Lindgren eröffnete die Brücke.", "Lindgren opened the bridge over the Aldheim.", crosses=True),
        match("Die Brücke ist blau.", "The bridge over the Aldheim is painted blue.", crosses=True),
        match("Wölfe?", "Wolves live far from here.", crosses=True),
    ])  # fmt: skip
    assert [[other.text[:10] for other in one.wrong] for one in found] == [["The bridge"], ["Lindgren o"], []]


def test_a_rare_word_counts_for_more_than_a_common_one_and_a_short_text_for_more_than_a_long_one() -> None:
    texts = ["the town hall", "the town mill", "the town mill and so on and on", "the town bridge", "wolves"]
    assert Bm25(texts).nearest("A mill for the town", 4) == [1, 2, 0, 3]
    assert Bm25(texts).nearest("unheard of", 4) == []
    assert Bm25([]).nearest("mills", 4) == []


@given(st.lists(st.text("abc ", max_size=8), max_size=8), st.text("abc ", max_size=8))
def test_a_word_search_finds_all_that_shares_a_word_and_nothing_else(texts: list[str], query: str) -> None:
    found = Bm25(texts).nearest(query, len(texts))
    assert sorted(found) == [at for at, text in enumerate(texts) if set(text.split()) & set(query.split())]


def test_a_draw_takes_as_many_of_each_kind_and_the_same_ones_each_time() -> None:
    many = [match(f"{kind} {number}", "x", kind=kind) for kind in ("fever", "citint") for number in range(50)]
    drawn = chosen(many, 5, seed=1)
    assert [one.kind for one in drawn] == ["citint"] * 5 + ["fever"] * 5
    assert drawn == chosen(many, 5, seed=1) != chosen(many, 5, seed=2)
