"""The own set keeps what it promises, whoever adds an article: counted over the whole folder, English and German."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, get_args

import pytest

from eval.datasets.own import FOLDER, Article, Changed, GoldClaim, Quoted, Statement, articles, own_set
from eval.records import Sample
from factcheck.documents import list_documents, read_document
from factcheck.models import Document
from factcheck.verdict.signals import negated

LANGUAGES = ("de", "en")
KINDS: tuple[Changed, ...] = get_args(Changed)
FERRY = "en-ferry"


@pytest.fixture(scope="module")
def read() -> tuple[Article, ...]:
    return articles()


@pytest.fixture(scope="module")
def samples() -> tuple[Sample, ...]:
    return own_set().samples


@pytest.fixture(scope="module")
def references() -> dict[str, Document]:
    return {path.name: read_document(path) for path in list_documents(FOLDER / "references")}


def claims(article: Article) -> Iterator[tuple[str, GoldClaim]]:
    for sentence, gold in article.paired():
        for claim in gold.claims:
            yield sentence.span.of(article.document.text), claim


def statements(article: Article) -> Iterator[Statement]:
    yield from (claim for _, claim in claims(article))
    for triple in article.gold.triples:
        yield from (triple.supported, triple.contradicted, triple.unverifiable)


def words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[.,:]\d+)*", text)


def changed_words(before: str, after: str) -> list[tuple[list[str], list[str]]]:
    """The stretches in which two wordings differ."""
    old, new = words(before), words(after)
    found = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[i:j], new[k:m]) for kind, i, j, k, m in found if kind != "equal"]


def copied(folder: Path) -> Path:
    """The ferry article with its gold and its references, in a folder of its own."""
    (folder / "articles").mkdir()
    (folder / "references").mkdir()
    for path in (FOLDER / "articles").glob(f"{FERRY}.*"):
        shutil.copy(path, folder / "articles")
    for path in (FOLDER / "references").glob(f"{FERRY}-*"):
        shutil.copy(path, folder / "references")
    return folder


def gold_of(folder: Path) -> tuple[Path, dict[str, Any]]:
    path = folder / "articles" / f"{FERRY}.gold.json"
    return path, json.loads(path.read_text(encoding="utf-8"))


def test_at_least_150_claims_stand_in_at_least_12_articles(read: tuple[Article, ...]) -> None:
    counts = {article.name: len(list(claims(article))) for article in read}
    assert len(counts) >= 12
    assert sum(counts.values()) >= 150
    assert min(counts.values()) >= 8, counts


def test_every_article_has_its_gold_and_every_gold_its_article() -> None:
    folder = FOLDER / "articles"
    written = {path.stem for path in folder.glob("*.md")}
    assert written == {path.name.removesuffix(".gold.json") for path in folder.glob("*.gold.json")}


def test_articles_are_in_both_languages_and_read_as_such(read: tuple[Article, ...]) -> None:
    languages = Counter(article.gold.language for article in read)
    assert set(languages) == set(LANGUAGES)
    assert min(languages.values()) >= 6
    assert all(article.document.language == article.gold.language for article in read)


def test_claims_are_checked_within_a_language_and_across_both_ways(
    read: tuple[Article, ...], references: dict[str, Document]
) -> None:
    pairs = Counter(
        (article.gold.language, references[quoted.file].language)
        for article in read
        for _, claim in claims(article)
        for quoted in claim.evidence
    )
    assert set(pairs) == {("de", "de"), ("de", "en"), ("en", "de"), ("en", "en")}
    assert min(pairs.values()) >= 15, pairs


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_has_its_share_among_the_claims_of_each_language(read: tuple[Article, ...], language: str) -> None:
    labels = Counter(c.label for article in read if article.gold.language == language for _, c in claims(article))
    shares = {label: count / labels.total() for label, count in labels.items()}
    assert 0.35 <= shares["supported"] <= 0.55, shares
    assert 0.15 <= shares["contradicted"] <= 0.35, shares
    assert 0.2 <= shares["unverifiable"] <= 0.4, shares


def test_sources_conflict_somewhere_in_both_languages(read: tuple[Article, ...]) -> None:
    found = Counter(a.gold.language for a in read for _, c in claims(a) if c.reason == "conflicting_sources")
    assert all(found[language] >= 2 for language in LANGUAGES), found


def test_a_good_part_of_the_supported_claims_needs_more_than_one_quote(read: tuple[Article, ...]) -> None:
    needed = [len(claim.evidence) for article in read for _, claim in claims(article) if claim.label == "supported"]
    assert sum(count > 1 for count in needed) >= len(needed) / 6


def test_sentences_of_every_kind_but_ambiguous_occur_in_both_languages(read: tuple[Article, ...]) -> None:
    for language in LANGUAGES:
        kinds = {gold.kind for article in read if article.gold.language == language for gold in article.gold.sentences}
        assert kinds >= {"claims", "opinion", "prediction", "question", "furniture", "no_claim"}, language


def test_a_claim_tells_what_it_needs_and_its_sentence_does_not(read: tuple[Article, ...]) -> None:
    for article in read:
        for sentence, claim in claims(article):
            for need in claim.needs:
                assert need.casefold() in claim.text.casefold(), (article.name, claim.id, need)
                assert need.casefold() not in sentence.casefold(), (article.name, claim.id, need)


def test_elements_stand_in_the_sentence_or_in_the_claim(read: tuple[Article, ...]) -> None:
    for article in read:
        for sentence, claim in claims(article):
            told = f"{sentence}\n{claim.text}".casefold()
            missing = [element for element in claim.elements if element.casefold() not in told]
            assert not missing, (article.name, claim.id, missing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_article_has_triples_and_each_kind_has_seven_in_each_language(
    read: tuple[Article, ...], language: str
) -> None:
    mine = [article for article in read if article.gold.language == language]
    assert all(len(article.gold.triples) >= 4 for article in mine)
    kinds = Counter(triple.changed for article in mine for triple in article.gold.triples)
    assert all(kinds[kind] >= 7 for kind in KINDS), kinds


def test_the_contradicted_claim_of_a_triple_differs_in_one_thing(read: tuple[Article, ...]) -> None:
    for article in read:
        for triple in article.gold.triples:
            stretches = changed_words(triple.supported.text, triple.contradicted.text)
            told = (article.name, triple.id, stretches)
            assert 1 <= len(stretches) <= 2, told
            assert sum(max(len(old), len(new)) for old, new in stretches) <= 4, told


def test_the_unverifiable_claim_of_a_triple_is_on_the_same_passage_in_much_the_same_words(
    read: tuple[Article, ...],
) -> None:
    for article in read:
        for triple in article.gold.triples:
            base = set(map(str.casefold, words(triple.supported.text)))
            shared = base & set(map(str.casefold, words(triple.unverifiable.text)))
            assert len(shared) >= len(base) / 2, (article.name, triple.id)
            files = {quoted.file for quoted in triple.supported.evidence}
            assert files & {near.file for near in triple.unverifiable.near}, (article.name, triple.id)


def test_a_negation_alone_does_not_tell_the_label(read: tuple[Article, ...]) -> None:
    """In triples on negation the supported claim is now the one that says no, now the other."""
    says_no = Counter(
        negated(triple.supported.text, article.gold.language)
        for article in read
        for triple in article.gold.triples
        if triple.changed == "negation"
    )
    assert min(says_no[True], says_no[False]) >= says_no.total() / 4, says_no


def test_a_triple_is_not_settled_by_comparing_strings(
    read: tuple[Article, ...], references: dict[str, Document]
) -> None:
    texts = [document.text for document in references.values()]
    copied_ones = [
        (article.name, triple.id)
        for article in read
        for triple in article.gold.triples
        if any(triple.supported.text.rstrip(".") in text for text in texts)
    ]
    assert copied_ones == []


def test_quotes_stand_verbatim_in_the_paragraph_that_a_judge_is_given(samples: tuple[Sample, ...]) -> None:
    for sample in samples:
        given = {(reference.doc_id, reference.text) for reference in sample.evidence}
        for quoted in sample.quotes:
            assert any(file == quoted.doc_id and quoted.quote in text for file, text in given), (sample.id, quoted)


def test_every_sample_has_an_id_of_its_own_and_something_to_judge_it_by(samples: tuple[Sample, ...]) -> None:
    assert len({sample.id for sample in samples}) == len(samples) == own_set().info.samples
    assert all(sample.evidence for sample in samples)


def test_no_claim_is_made_twice(samples: tuple[Sample, ...]) -> None:
    doubled = [text for text, count in Counter(sample.claim for sample in samples).items() if count > 1]
    assert doubled == []


def test_every_reference_is_named_by_some_claim(read: tuple[Article, ...], references: dict[str, Document]) -> None:
    said = [statement for article in read for statement in statements(article)]
    named = {quoted.file for one in said for quoted in one.evidence} | {near.file for one in said for near in one.near}
    assert set(references) == named


def test_references_are_several_and_in_more_than_one_format(references: dict[str, Document]) -> None:
    assert len(references) >= 4 * 12
    assert {Path(name).suffix for name in references} >= {".md", ".txt", ".html"}
    assert all(60 <= len(document.text.split()) <= 300 for document in references.values())


def test_a_quote_that_is_not_in_its_reference_is_refused(tmp_path: Path) -> None:
    path, gold = gold_of(copied(tmp_path))
    first = next(claim for sentence in gold["sentences"] for claim in sentence.get("claims", ()))
    first["evidence"][0]["quote"] = "The council resolved to order a rowing boat"
    path.write_text(json.dumps(gold), encoding="utf-8")
    with pytest.raises(ValueError, match="does not hold these words verbatim: 'The council resolved to order a rowing"):
        own_set(tmp_path)


def test_gold_that_skips_a_sentence_is_refused(tmp_path: Path) -> None:
    path, gold = gold_of(copied(tmp_path))
    del gold["sentences"][1]
    path.write_text(json.dumps(gold), encoding="utf-8")
    with pytest.raises(ValueError, match=f"{FERRY}: sentence 2 is 'By Nell Ashworth"):
        articles(tmp_path)


def test_an_anchor_that_is_not_in_its_sentence_is_refused(tmp_path: Path) -> None:
    path, gold = gold_of(copied(tmp_path))
    first = next(claim for sentence in gold["sentences"] for claim in sentence.get("claims", ()))
    first["anchor"] = "the town council on Monday"
    path.write_text(json.dumps(gold), encoding="utf-8")
    with pytest.raises(ValueError, match="c1: the anchor is not in its sentence: 'the town council on Monday'"):
        articles(tmp_path)


def test_a_label_that_its_evidence_does_not_bear_out_is_refused() -> None:
    quoted = Quoted(file="a.md", quote="nobody abstained", stance="contradicts")
    with pytest.raises(ValueError, match="labelled supported"):
        Statement(text="The mayor abstained.", label="supported", evidence=(quoted,))
