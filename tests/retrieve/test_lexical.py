from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.errors import StoreError
from factcheck.models import Passage, Span
from factcheck.retrieve import lexical, terms
from factcheck.retrieve.lexical import Lexical

XQUAD = Path(__file__).resolve().parents[3] / "shared" / "data" / "xquad"


def passage(text: str, language: str = "de", title: str = "", name: str | None = None) -> Passage:
    return Passage(
        id=name or text,
        source="notes.txt",
        title=title,
        language=language,
        published=None,
        text=text,
        span=Span(start=0, end=len(text)),
    )


def index(folder: Path, *passages: Passage) -> Lexical:
    lexical.build(folder, passages)
    return Lexical(folder)


GERMAN = (
    "Die Bundesregierung hat das Gesetz beschlossen.",
    "Der Gasverbrauch ist im Winter gesunken.",
    "Die Preise stiegen um 3,5 Prozent.",
    "Die Straßenbahn fährt bis Mitternacht.",
    "Die Arbeitslosenquote lag im Mai höher.",
    "Das Museum eröffnete eine Ausstellung.",
    "Der Fluss trat über die Ufer.",
)


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Lexical:
    return index(tmp_path_factory.mktemp("german"), *map(passage, GERMAN))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Regierung", 0),  # the head of a compound
        ("Bundesregierungen", 0),
        ("Bundesgesetze", 0),  # a compound of what stands apart
        ("Verbrauch", 1),
        ("Gasverbrauchs", 1),
        ("sinken", 1),  # a strong verb
        ("steigen", 2),
        ("Strassenbahnen", 3),  # without ß
        ("Quote", 4),
        ("Arbeitslosigkeit", 4),
        ("ausstellen", 5),
        ("Überschwemmung am Ufer", 6),
    ],
)
def test_german_inflections_and_compounds_are_found(german: Lexical, query: str, found: int) -> None:
    assert german.search(query, "de", 1)[0][0] == GERMAN[found]


def test_english_inflections_are_found(tmp_path: Path) -> None:
    words = index(
        tmp_path, *(passage(text, "en") for text in ("Prices rose in May.", "Countries agreed.", "It rained."))
    )
    assert words.search("rising price", "en", 1)[0][0] == "Prices rose in May."
    assert words.search("a country's agreement", "en", 1)[0][0] == "Countries agreed."


def test_a_german_question_finds_an_english_passage_by_names_and_cognates(tmp_path: Path) -> None:
    english = ("The president met Zelensky in Washington.", "The river flooded the town.", "Inflation fell.")
    words = index(tmp_path, *(passage(text, "en") for text in english))
    assert words.search("Der Präsident traf Selenskyj in Washington", "de", 1)[0][0] == english[0]
    assert words.search("Inflationsrate", "de", 1)[0][0] == english[2]


def test_a_number_is_found_however_its_language_writes_it(tmp_path: Path) -> None:
    words = index(
        tmp_path, passage("Es waren 1.234.567,5 Tonnen."), passage("There were 1,234,567 tonnes.", "en"), passage("12")
    )
    assert terms.stems("1.234.567,5", "de") == terms.stems("1,234,567.5", "en") == ["1234567.5"]
    assert [name for name, _ in words.search("1234567.5", "en", 5)] == ["Es waren 1.234.567,5 Tonnen."]
    assert [name for name, _ in words.search("1.234.567", "de", 5)] == ["There were 1,234,567 tonnes."]


def test_a_rare_number_or_name_outweighs_common_words(tmp_path: Path) -> None:
    common = [passage(f"The unemployment rate of the year fell in region {n}.", "en") for n in range(30)]
    words = index(tmp_path, *common, passage("In Kiruna it was 7.3 percent.", "en"))
    (best, *_) = words.search("The unemployment rate in Kiruna was 7.3 percent.", "en", 3)
    assert best[0] == "In Kiruna it was 7.3 percent."


def test_a_passage_is_found_by_the_title_of_its_document(tmp_path: Path) -> None:
    titled = passage("She won the prize twice.", "en", title="Marie Curie")
    words = index(tmp_path, titled, passage("He won the prize once.", "en", title="Ernest Rutherford"))
    assert words.search("Did Curie win the prize?", "en", 1)[0][0] == titled.id


def test_scripts_without_spaces_are_searched_by_pairs_of_characters(tmp_path: Path) -> None:
    words = index(tmp_path, passage("東京大学は学校です。", "ja"), passage("大阪は都市です。", "ja"))
    assert words.search("京都の大学", "ja", 1)[0][0] == "東京大学は学校です。"


def test_a_query_in_a_language_the_index_has_not_is_read_as_each_it_has(tmp_path: Path) -> None:
    words = index(tmp_path, passage("Prices were rising.", "en"), passage("Die Preise stiegen."), passage("Nichts."))
    assert {name for name, _ in words.search("rises", "und", 5)} == {"Prices were rising."}
    assert {name for name, _ in words.search("gestiegen", "fr", 5)} == {"Die Preise stiegen."}


@given(st.text(max_size=80) | st.sampled_from(['text:"a', "a AND (b OR", "title:*", "[1 TO 2]", "-x +y ~2 ^9 \\"]))
@settings(max_examples=200, deadline=None)
def test_no_query_is_syntax(german: Lexical, query: str) -> None:
    found = german.search(query, "de", 20)
    assert len({name for name, _ in found}) == len(found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_a_query_without_a_known_word_finds_nothing(german: Lexical) -> None:
    assert german.search("zzz qqq", "de", 5) == []
    assert german.search("", "de", 5) == []
    assert german.search("Regierung", "de", 0) == []


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    words = index(tmp_path / "empty")
    assert words.count() == 0
    assert words.search("anything", "en", 5) == []


def test_passages_added_later_score_as_if_they_had_been_there_and_open_readers_do_not_see_them(tmp_path: Path) -> None:
    alpha, beta, gamma = (passage(f"{name} wins.", "en") for name in ("Alpha", "Beta", "Gamma"))
    before = index(tmp_path / "grown", alpha, beta)
    lexical.add(tmp_path / "grown", [gamma])
    after = Lexical(tmp_path / "grown")
    assert (before.count(), after.count()) == (2, 3)
    assert {name for name, _ in before.search("wins", "en", 5)} == {"Alpha wins.", "Beta wins."}
    assert after.search("wins", "en", 5) == index(tmp_path / "whole", alpha, beta, gamma).search("wins", "en", 5)


def test_a_missing_or_damaged_index_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as missing:
        Lexical(tmp_path / "nothing")
    assert missing.value.code == "store_damaged"
    index(tmp_path, passage("Alpha."))
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(StoreError) as damaged:
        Lexical(tmp_path)
    assert damaged.value.code == "store_damaged"


def test_an_index_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as caught:
        lexical.build(tmp_path / "file" / "index", [])
    assert caught.value.code == "store_unwritable"


def test_many_threads_search_one_index(german: Lexical) -> None:
    alone = [german.search(text, "de", 5) for text in GERMAN]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: german.search(text, "de", 5), GERMAN * 20)) == alone * 20


def test_german_questions_find_their_paragraph(tmp_path: Path) -> None:
    """Measured 0.97 of 891 among the first ten; the first 150 here, so that a loss of a few points shows."""
    if not XQUAD.exists():
        pytest.skip("the shared data are not here")
    with gzip.open(XQUAD / "corpus.jsonl.gz", "rt") as lines:
        paragraphs = [json.loads(line) for line in lines]
    with gzip.open(XQUAD / "questions.jsonl.gz", "rt") as lines:
        questions = [q for q in map(json.loads, lines) if q["lang"] == "de"][:150]
    words = index(
        tmp_path,
        *(passage(p["text"], p["lang"], p["title"], name=p["doc_id"]) for p in paragraphs if p["lang"] == "de"),
    )
    found = [q["doc_id"] in dict(words.search(q["question"], "de", 10)) for q in questions]
    assert sum(found) / len(found) >= 0.95
