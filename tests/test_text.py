"""Quotes are found where they stand, whatever happened to spaces, marks and hyphens on the way, and nowhere else."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from factcheck.text import locate, normalise, printable


def found(quote: str, text: str) -> str | None:
    span = locate(quote, text)
    return None if span is None else span.of(text)


@pytest.mark.parametrize(
    ("quote", "text", "stands"),
    [
        (
            "rose by 3 % in 2020",
            "It rose\u00a0by 3\u202f%\n  in\u00ad\u200b 2020.",
            "rose\u00a0by 3\u202f%\n  in\u00ad\u200b 2020",
        ),
        ('"Wir schaffen das", sagte sie', "Ja: „Wir schaffen das“, sagte sie.", "„Wir schaffen das“, sagte sie"),
        ('le "mot" juste', "c’est le «\u00a0mot\u00a0» juste", "le «\u00a0mot\u00a0» juste"),
        ("it's a 5' board", "so it’s a 5′ board", "it’s a 5′ board"),
        ("the years 1990-2000 were", "In the years 1990–2000 were many", "the years 1990–2000 were"),
        ("war - which ended -", "the war — which ended — cost", "war — which ended —"),
        ("Wirtschaft wächst", "Die Wirt-\nschaft wächst", "Wirt-\nschaft wächst"),
        ("Wirt-schaft wächst", "Die Wirt-\nschaft wächst", "Wirt-\nschaft wächst"),
        ("Wirt- schaft wächst", "Die Wirt-\n  schaft wächst", "Wirt-\n  schaft wächst"),
        ("Wirtschaft wächst", "Die Wirt\u00ad\nschaft wächst", "Wirt\u00ad\nschaft wächst"),
        ("Wirt-\nschaft wächst", "Die Wirtschaft wächst", "Wirtschaft wächst"),
        ("deutsch-französisch", "x deutsch-\nfranzösisch y", "deutsch-\nfranzösisch"),
        ("COVID-19 cases", "all COVID-\n19 cases", "COVID-\n19 cases"),
        ("Vor- und Nachteile", "Die Vor-\nund Nachteile", "Vor-\nund Nachteile"),
        ("und Nachteile", "Die Vor-\nund Nachteile", "und Nachteile"),
        ("Erdöl aus Gdańsk", "das Erdo\u0308l aus Gdan\u0301sk.", "Erdo\u0308l aus Gdan\u0301sk"),
        ("Erdo\u0308l aus Gdańsk", "das Erdöl aus Gdańsk.", "Erdöl aus Gdańsk"),
        ("한국은 서울", unicodedata.normalize("NFD", "한국은 서울"), unicodedata.normalize("NFD", "한국은 서울")),
        ("the final figure", "the ﬁnal ﬁgure", "the ﬁnal ﬁgure"),
        ("and so on... The end", "and so on… The end", "and so on… The end"),
        ("it rose by 3 %", "In May it **rose by 3 %** again", "it **rose by 3 %"),
        ("東京は首都", "日本の東京は首都である", "東京は首都"),
        ("« … it rose again … »", "Then it rose again in May", "it rose again"),
        ('"it rose again."', "Then it rose again, in May", "it rose again"),
        ("  it rose ", "then it  rose  again", "it  rose"),
        ("and so..", "and so… then", "and so"),
        ("la la", "Wirt-\nschaft bla la la", "la la"),
    ],
)
def test_the_same_words_are_found_as_the_text_has_them(quote: str, text: str, stands: str) -> None:
    assert found(quote, text) == stands


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("legal acts", "all illegal acts"),
        ("illegal act", "all illegal acts"),
        ("toxic to humans", "it is non-toxic to humans"),
        ("they were smoke", "they were smoke-free"),
        ("schaft wächst", "Die Wirt-\nschaft wächst"),
        ("legal acts", "all il\u00adlegal acts"),
        ("it rose by 3", "it rose by 3.5 percent"),
        ("5 percent of all", "3.5 percent of all"),
        ("it rose by 12", "it rose by 12 000 people"),
        ("000 people came", "and 12 000 people came"),
        ("5 degrees", "it was -5 degrees"),
        ("3 million people", "2–3 million people"),
        ("十万人", "約三十万人"),
        ("cafe", "the cafe\u0301"),
        ("q x", "q\u0303 x"),
        ("it was q", "it was q\u0303 then"),
        ("Finland Joined", "Finland joined"),
        ("Finland joined NATO", "Finland has joined NATO"),
        ("Finland … NATO", "Finland joined NATO"),
        ("50% of all", "50 of all"),
        ("un-ionized gas", "unionized gas"),
        ("10 12 people", "10-12 people"),
        ("Vorund Nachteile", "Vor- und Nachteile"),
        ("...", "and so on... and on"),
        ("", "text"),
        ("word", ""),
    ],
)
def test_other_words_and_parts_of_words_are_not_found(quote: str, text: str) -> None:
    assert locate(quote, text) is None


def test_the_first_of_several_places_is_taken() -> None:
    assert found("it rose", "it fell, it rose, it rose") == "it rose"
    span = locate("it rose", "it fell, it rose, it rose")
    assert span is not None
    assert span.start == 9


def bare(text: str) -> str:
    """An oracle of its own: letters, digits and other signs, without all that may differ between two copies."""
    text = unicodedata.normalize("NFC", re.sub("[\u00ad\u200b-\u200f\ufeff\u2060]", "", text))
    text = text.replace("…", "...").replace("ﬁ", "fi").replace("ﬂ", "fl")
    return re.sub(r"[\s\"'`´‘’‚‛“”„‟‹›«»′″「」『』〝〞〟＂＇\-‐‑‒–—―−﹘﹣－]", "", text)


def forms(quote: str) -> set[str]:
    """The quote with and without the dots and the stop that may have been put around it."""
    words = bare(quote)
    undotted = (words, words.lstrip("."), words.removesuffix("..."), words.lstrip(".").removesuffix("..."))
    return {each.rstrip(stop) for each in undotted for stop in ("", ".", ".,;:")}


WORD = st.text(alphabet="abdefilnosuzäöüßéАяœ語", min_size=1, max_size=9)
NUMBER = st.from_regex(r"[1-9][0-9]{0,3}(,[0-9])?", fullmatch=True)
TOKEN = st.one_of(
    WORD, WORD, WORD, NUMBER, st.sampled_from(["-", "…", "„Ja“", "don't", "Kauf-Haus", "finden.", "%", "(z. B.)"])
)
TEXT = st.lists(TOKEN, min_size=1, max_size=25).map(" ".join)

SPACES = [" ", "\n", "\u00a0", "\u2009", " \n ", "\u200b ", "\r\n", "\u00ad ", "\ufeff \t"]
MARKS = "\"'„“”«»‚‘’‹›"
DASHES = "-‐‑–—−"


@st.composite
def texts_and_rewritten_slices(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text with a slice of it at word boundaries, and the text again with that slice set differently."""
    tokens = draw(st.lists(TOKEN, min_size=1, max_size=25))
    start = draw(st.integers(0, len(tokens) - 1))
    end = draw(st.integers(start + 1, len(tokens)))
    quote = " ".join(tokens[start:end])
    rewritten = "".join(draw(st.one_of(st.just(char), changed(char))) for char in quote)
    rewritten = draw(hyphenated(rewritten))
    if draw(st.booleans()):
        rewritten = unicodedata.normalize("NFD", rewritten)
    before = "".join(token + " " for token in tokens[:start])
    after = "".join(" " + token for token in tokens[end:])
    return quote, before + rewritten + after, rewritten


def changed(char: str) -> st.SearchStrategy[str]:
    if char == " ":
        return st.sampled_from(SPACES)
    if char in MARKS:
        return st.sampled_from(MARKS)
    if char in DASHES:
        return st.sampled_from(DASHES)
    if char == "…":
        return st.just("...")
    return st.just(char)


@st.composite
def hyphenated(draw: st.DrawFn, text: str) -> str:
    inside = [i for i in range(1, len(text)) if text[i - 1].isalpha() and text[i].isalpha()]
    if not inside or draw(st.booleans()):
        return text
    at = draw(st.sampled_from(inside))
    tail = re.split(r"\W", text[at:])[0]
    return (
        text
        if tail in {"et", "ou"}
        else text[:at] + draw(st.sampled_from(["-\n", "\u00ad\n", "\u00ad", "-\r\n  "])) + text[at:]
    )


@given(texts_and_rewritten_slices())
@settings(max_examples=300, deadline=None)
def test_a_slice_set_differently_is_found_with_the_same_words(case: tuple[str, str, str]) -> None:
    quote, text, _ = case
    assume(any(char.isalnum() for char in quote))
    span = locate(quote, text)
    if span is None:  # allowed only where the slice itself is a part of a larger number, as in "12 345"
        assert re.search(r"\d$|^\d", quote)
        return
    assert bare(span.of(text)) in forms(quote)
    assert span.of(text) == span.of(text).strip()


@given(TEXT, TEXT)
@example("… finden.", "finden.")
@example("finden. …", "finden.")
@settings(max_examples=300, deadline=None)
def test_whatever_is_found_has_the_words_of_the_quote(quote: str, text: str) -> None:
    span = locate(quote, text)
    if span is not None:
        assert bare(span.of(text)) in forms(quote)


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=300, deadline=None)
def test_any_characters_at_all_keep_the_normal_form_of_the_quote(quote: str, text: str, start: int, end: int) -> None:
    for words in (quote, text[start:end]):
        span = locate(words, text)
        if span is not None:
            got, wanted = normalise(span.of(text)).text, normalise(words).text
            assert got.replace("\xad", "").replace("-", "") in wanted.replace("\xad", "").replace("-", "").replace(
                "- ", ""
            )


@given(texts_and_rewritten_slices(), st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_letter_or_digit_is_never_found(case: tuple[str, str, str], data: st.DataObject) -> None:
    quote, text, _ = case
    places = [i for i, char in enumerate(quote) if char.isalnum()]
    assume(places)
    at = data.draw(st.sampled_from(places))
    changed_quote = quote[:at] + ("7" if quote[at].isdigit() else "x") + quote[at + 1 :]
    assume(bare(changed_quote).strip(".,") not in bare(text))
    assert locate(changed_quote, text) is None


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_every_stretch_of_a_normal_form_leads_back_into_the_text(text: str) -> None:
    normal = normalise(text)
    for start in range(len(normal.text)):
        span = normal.span(start, start + 1)
        if span is not None and normal.text[start] not in ' "-\xad':
            assert normal.text[start] in unicodedata.normalize("NFC", span.of(text))
    assert normal.span(0, len(normal.text) + 1) is None


def test_a_megabyte_is_searched_in_linear_time() -> None:
    def cpu(text: str) -> float:
        begun = time.process_time()
        locate("es doch nicht da", text)
        return time.process_time() - begun

    sentence = "Der Ausfall der Wirt-\nschaft „war“ 12,5 % – nicht 13\u00a0%. "
    small, large = sentence * 2_000, sentence * 20_000
    assert cpu(large) < 40 * max(cpu(small), 0.01)
    for hostile in (" " * 10**6, "-\n" * 500_000, '"' * 10**6, "*" * 10**6, "es doch " * 120_000, "e\u0301" * 500_000):
        assert cpu(hostile) < 40 * max(cpu(small), 0.1)


def test_what_moves_hides_or_reorders_is_spelled_out() -> None:
    assert printable("a\x1b[31mb\x07\x9b\x7f") == r"a\x1b[31mb\x07\x9b\x7f"
    assert (
        printable("a\u202eb\u2066c\u200f\u061c\u2028\ufeff\ud800") == r"a\u202eb\u2066c\u200f\u061c\u2028\ufeff\ud800"
    )
    assert printable("a\tb\nc\rd") == r"a b\nc\x0dd"
    assert printable("a\nb\r\n", newlines=True) == "a\nb\\x0d\n"
    assert printable("\U000e0041") == r"\U000e0041"
    assert printable("Größe, 語, 👩‍🔬, z. B. „so“") == "Größe, 語, 👩‍🔬, z. B. „so“"


@given(st.text(alphabet=st.characters(codec=None)), st.booleans())
def test_no_control_character_is_ever_printable(text: str, newlines: bool) -> None:
    kept = printable(text, newlines=newlines).replace("\n", "" if newlines else "\n")
    assert not [char for char in kept if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert not set(kept) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")
