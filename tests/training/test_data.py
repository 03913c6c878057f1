"""What training reads, what it leaves alone, and how evidence becomes premises."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.parts import about_of, part_of
from tests.training.folder import data_folder, page_in, row
from training.data import (
    Pair,
    pairs_of,
    parallel_pairs,
    parallel_sentences,
    premise_of,
    rows_of,
    sentences_of,
    split_sentences,
    windows_of,
)

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FEVER = "fever/train.jsonl.gz"


def test_a_row_is_about_its_page_its_answer_or_its_pair() -> None:
    fever = row(1, "c", "t", "supported", title="Other", pages=["Berlin", "Bonn"])
    assert about_of(FEVER, fever) == "Berlin"
    assert (
        about_of("fm2/dev.jsonl.gz", row(1, "c", "t", "supported", title="Berlin | History", page="Berlin")) == "Berlin"
    )
    assert about_of("factcheck-bench/pairs.jsonl.gz", row(1, "c", "t", "supported", doc="answer-7")) == "answer-7"
    assert about_of("pawsx/dev.binary.jsonl.gz", row(1, "c", "t", "supported", pair=9)) == "pawsx 9"
    assert about_of("snli/dev.jsonl.gz", row(4, "c", "t", "supported")) == "doc4"
    assert about_of("xquad/corpus.jsonl.gz", {"doc_id": "x", "title": "Warsaw", "text": "t"}) == "Warsaw"


def test_only_free_sets_are_opened(tmp_path: Path) -> None:
    page = page_in("train")
    files = {
        FEVER: [row(1, "Free.", "Text.", "supported", title=page)],
        "nc/anli/dev.jsonl": [row(2, "Not free.", "Text.", "supported", title=page)],
    }
    folder = data_folder(tmp_path, files, tiers={"nc/anli/dev.jsonl": "nc"})
    assert [found.claim for found in rows_of(folder)] == ["Free."]


def test_an_index_that_calls_a_closed_folder_free_is_refused(tmp_path: Path) -> None:
    folder = data_folder(tmp_path, {"nc/anli/dev.jsonl": [row(1, "c", "t", "supported")]})
    with pytest.raises(ValueError, match="calls a file of unstated/ or nc/ free"):
        rows_of(folder)


def test_a_claim_that_is_held_back_anywhere_is_not_learned(tmp_path: Path) -> None:
    page, held = page_in("train"), page_in("test")
    rows = [
        row(1, "The river is long.", "One text.", "supported", title=page),
        row(2, "The river is LONG", "Another text.", "contradicted", title=held),
        row(3, "The hill is high.", "One text.", "supported", title=page),
    ]
    folder = data_folder(tmp_path, {FEVER: rows})
    assert [found.claim for found in rows_of(folder)] == ["The hill is high."]
    assert [found.claim for found in rows_of(folder, ("test",))] == ["The river is LONG"]


def test_what_the_symmetric_twin_of_fever_rewrites_is_not_learned(tmp_path: Path) -> None:
    page = page_in("train")
    twin = row(1, "He refused.", "He did not.", "supported", fever_id="77")
    original = {**row(2, "He agreed.", "He did.", "supported", title=page), "id": "fever-dev-77"}
    same_text = row(3, "He was asked.", "He did not!", "supported", title=page)
    stays = row(4, "He was here.", "He was seen here.", "supported", title=page)
    folder = data_folder(tmp_path, {FEVER: [original, same_text, stays], "fever-symmetric/dev.jsonl.gz": [twin]})
    assert [found.claim for found in rows_of(folder)] == ["He was here."]


def test_gold_sentences_carry_the_label_and_the_rest_of_the_abstract_says_nothing(tmp_path: Path) -> None:
    sentences = ["Mice were fed sugar.", "They gained weight quickly.", "Funding came from a bank.", "No one objected."]
    record = row(1, "Sugar made mice heavier.", " ".join(sentences), "supported", title=page_in("train"))
    record["meta"] = {"rationale": {"doc1": [1]}}
    rows = rows_of(data_folder(tmp_path, {"scifact/train.jsonl.gz": [record]}))
    pairs = pairs_of(rows, random.Random(1))
    assert {pair.label for pair in pairs} == {"supported", "unverifiable"}
    for pair in pairs:
        assert (sentences[1] in pair.premise) == (pair.label == "supported")


def test_a_binary_label_stays_binary_and_a_noisy_contradiction_becomes_so(tmp_path: Path) -> None:
    begin = row(1, "It rained all day.", "The sun was out.", "not_supported", title=page_in("train"))
    citint = row(2, "It cures all.", "It cured some.", "contradicted", title=page_in("train", "citint/train.jsonl.gz"))
    citint["meta"] = {"rationale": {"doc2": [0]}}
    files = {"begin/train.binary.jsonl.gz": [begin], "citint/train.jsonl.gz": [citint]}
    assert {pair.label for pair in pairs_of(rows_of(data_folder(tmp_path, files)), random.Random(1))} == {
        "not_supported"
    }


def test_long_evidence_is_cut_to_the_sentences_nearest_the_claim(tmp_path: Path) -> None:
    filler = " ".join(f"Paragraph {number} speaks of something else entirely." for number in range(60))
    text = f"{filler} The bridge over the Elbe cost nine million euros. {filler}"
    record = row(1, "The Elbe bridge cost nine million euros.", text, "supported", title=page_in("train"))
    pairs = pairs_of(rows_of(data_folder(tmp_path, {"summedits/train.jsonl.gz": [record]})), random.Random(1))
    assert [pair.label for pair in pairs] == ["supported", "unverifiable"]
    assert "nine million" in pairs[0].premise
    assert "nine million" not in pairs[1].premise
    assert len(pairs[0].premise.split()) < 40


def test_claims_meet_evidence_of_other_rows_as_unverifiable(tmp_path: Path) -> None:
    page = page_in("train")
    other = page_in("train", avoid=[page])
    rows = [
        row(1, "Marlow painted the harbour of Odessa.", "Marlow painted ships.", "supported", title=page, pages=[page]),
        row(2, "The harbour froze twice.", "In Odessa the harbour froze.", "supported", title=other, pages=[other]),
    ]
    pairs = pairs_of(rows_of(data_folder(tmp_path, {FEVER: rows})), random.Random(1))
    strangers = [pair for pair in pairs if pair.kind == "strangers"]
    assert strangers
    assert {pair.label for pair in strangers} == {"unverifiable"}
    assert all("Marlow" not in pair.premise for pair in strangers if "Marlow" in pair.claim)


def test_pairs_across_languages_join_the_claim_of_one_to_the_text_of_the_other(tmp_path: Path) -> None:
    file = "pawsx/dev.binary.jsonl.gz"
    number = next(n for n in range(99) if part_of(file, f"pawsx {n}") == "train")
    records = [
        row(1, "Es regnet.", "Regen fällt.", "supported", lang="de", pair=number),
        row(2, "It rains.", "Rain falls.", "supported", lang="en", pair=number),
    ]
    assert parallel_pairs(rows_of(data_folder(tmp_path, {file: records}))) == [
        Pair("Regen fällt.", "It rains.", "supported", "en", "pawsx-cross"),
        Pair("Rain falls.", "Es regnet.", "supported", "de", "pawsx-cross"),
    ]


def test_paragraphs_in_two_languages_are_joined_sentence_by_sentence_where_they_match(tmp_path: Path) -> None:
    title = page_in("train", "xquad/corpus.jsonl.gz")
    corpus = [
        {"doc_id": "xquad-en-0-0", "title": title, "text": "It was built in 1900. It burned down."},
        {"doc_id": "xquad-de-0-0", "title": title, "text": "Es wurde 1900 erbaut. Es brannte ab."},
        {"doc_id": "xquad-en-0-1", "title": title, "text": "One sentence."},
        {"doc_id": "xquad-de-0-1", "title": title, "text": "Ein Satz. Noch ein Satz."},
        {"doc_id": "xquad-en-9-0", "title": page_in("test"), "text": "Held back."},
        {"doc_id": "xquad-de-9-0", "title": page_in("test"), "text": "Zurückgehalten."},
    ]
    folder = data_folder(tmp_path, {"xquad/corpus.jsonl.gz": corpus})
    joined = [(english.text, german.text) for english, german in parallel_sentences(folder)]
    assert joined == [("It was built in 1900.", "Es wurde 1900 erbaut."), ("It burned down.", "Es brannte ab.")]


@pytest.mark.parametrize(
    ("title", "premise"),
    [
        ("Berlin", "Berlin: It is large."),
        ("", "It is large."),
        ("https://example.org/berlin", "It is large."),
        ("Berlin | History | After 1989", "Berlin, After 1989: It is large."),
        ("x" * 200, "It is large."),
    ],
)
def test_a_premise_opens_with_its_title_where_that_says_something(title: str, premise: str) -> None:
    assert premise_of(title, "It is large.") == premise


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Er kam am 4. April 1990. Sie ging.", ["Er kam am 4. April 1990.", "Sie ging."]),
        (
            "Dr. Weber lehrt in Bonn. Er forscht z. B. zu Bienen.",
            ["Dr. Weber lehrt in Bonn.", "Er forscht z. B. zu Bienen."],
        ),
        ("J. Smith left. “Why?” Nobody knew.", ["J. Smith left.", "“Why?”", "Nobody knew."]),
        ("One line\nanother line", ["One line", "another line"]),
    ],
)
def test_sentences_end_where_a_reader_sees_an_end(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


@settings(deadline=None)
@given(st.text(alphabet="aB .!?\n1„“", max_size=80))
def test_splitting_loses_no_word(text: str) -> None:
    assert " ".join(split_sentences(text)).split() == text.split()


@settings(deadline=None)
@given(st.integers(0, 12), st.integers(1, 4))
def test_windows_cover_every_sentence_and_stay_inside(count: int, size: int) -> None:
    spans = windows_of(["x"] * count, size)
    assert {at for span in spans for at in range(*span)} == set(range(count))
    assert all(end - start == min(size, count) for start, end in spans)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not here")
def test_nothing_learned_from_the_shared_sets_is_held_back_by_them() -> None:
    rows = rows_of(SHARED, ("train", "dev", "test"))
    learned = [one for one in rows if one.part == "train"]
    held = {" ".join(one.claim.casefold().split()) for one in rows if one.part != "train"}
    assert len(learned) > 40_000
    assert {one.file.partition("/")[0] for one in learned}.isdisjoint(
        {"nc", "unstated", "fever-symmetric", "factcheck-bench", "wice"}
    )
    assert not [one.claim for one in learned if " ".join(one.claim.casefold().split()) in held]
    german = [one for one in sentences_of(SHARED, learned) if one.lang == "de"]
    assert len(german) > 2000
