"""Contrasts made by code: one thing is changed, and what is rewritten still says the same."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.language.numbers import quantities
from training import own_facts
from training.contrast import (
    CHANGES,
    Maker,
    Names,
    add_detail,
    change_date,
    change_name,
    change_number,
    change_polarity,
    change_unit,
    change_word,
    changes,
    from_claim,
    from_parallel,
    from_sentence,
    neighbours,
    rewrite,
    swap_roles,
)
from training.contrast_words import Lang
from training.data import Pair, Sentence

ENGLISH = [
    "The Danube Bridge was opened in Vienna on 4 April 1998 and cost 1,250,000 euros.",
    "In 2012, Marie Keller defeated Anna Novak in the final in Prague, which drew 12,400 spectators.",
    "Siemens reported that revenue rose by 12.5% to 78 billion dollars in Munich.",
    "The museum in Prague is the largest in Moravia and holds 3,200 paintings by Marie Keller.",
    "On Monday the council of Vienna approved three new schools near Munich for Siemens.",
]
GERMAN = [
    "Die Donaubrücke wurde am 4. April 1998 in Vienna eröffnet und kostete 1.250.000 Euro.",
    "Das Museum in Prague ist das größte in Moravia und besitzt 3.200 Gemälde von Marie Keller.",
    "Der Umsatz von Siemens stieg 2019 um 12,5 Prozent auf 78 Milliarden Dollar.",
    "Die Partei hat drei Sitze gewonnen, obwohl sie im Mai 2001 keine Mehrheit hatte.",
]
MAKERS: list[tuple[Maker, str]] = [
    (change_number, "number"),
    (change_date, "date"),
    (change_unit, "unit"),
    (change_name, "entity"),
    (change_polarity, "negation"),
    (change_word, "opposite"),
    (swap_roles, "role"),
]


def sentence(text: str, lang: str) -> Sentence:
    return Sentence(text, "Title", "Before it stands this.", "After it comes this.", lang, "page")


NAMES = Names([sentence(text, "en") for text in (*ENGLISH, *ENGLISH)] + [sentence(text, "de") for text in GERMAN])


@pytest.mark.parametrize(("maker", "kind"), MAKERS)
@pytest.mark.parametrize("lang", ["en", "de"])
def test_every_kind_of_change_can_be_made_in_both_languages(maker: Maker, kind: str, lang: Lang) -> None:
    texts = ENGLISH if lang == "en" else [*GERMAN, "Marie Keller besiegte Anna Novak im Finale von Prague."]
    made = [
        changed for text in texts for seed in range(12) if (changed := maker(text, lang, NAMES, random.Random(seed)))
    ]
    assert {changed.kind for changed in made} == {kind}
    assert all(changed.label in ("contradicted", "not_supported") for changed in made)
    assert not {changed.text for changed in made} & set(texts)


@pytest.mark.parametrize(
    ("text", "lang", "shape"),
    [
        ("It cost 1,250,000 euros.", "en", r"It cost \d,\d{3},\d{3} euros\."),
        ("Es kostete 1.250.000 Euro.", "de", r"Es kostete \d\.\d{3}\.\d{3} Euro\."),
        ("Der Anteil liegt bei 12,5 Prozent.", "de", r"Der Anteil liegt bei \d\d,\d Prozent\."),
        ("The share is 12.5 percent.", "en", r"The share is \d\d\.\d percent\."),
    ],
)
def test_a_changed_number_is_written_as_the_old_one_was(text: str, lang: Lang, shape: str) -> None:
    for seed in range(40):
        changed = change_number(text, lang, NAMES, random.Random(seed))
        assert changed is not None
        assert changed.text != text
        assert re.fullmatch(shape, changed.text)


def test_years_and_days_are_no_numbers_to_change() -> None:
    assert change_number("It opened on 4 April 1998.", "en", NAMES, random.Random(1)) is None
    assert change_number("Eröffnet am 4. April 1998.", "de", NAMES, random.Random(1)) is None


@pytest.mark.parametrize(
    ("text", "lang", "denied"),
    [
        ("The bridge is not safe.", "en", {"The bridge is safe."}),
        ("Die Brücke ist nicht sicher.", "de", {"Die Brücke ist sicher."}),
        ("Das Dorf hat keine Schule.", "de", {"Das Dorf hat eine Schule."}),
        (
            "Das ist ein Fluss.",
            "de",
            {f"Das ist {no} Fluss." for no in ("kein", "nicht ein", "nie ein", "nicht mehr ein")},
        ),
    ],
)
def test_a_negation_is_taken_out_or_put_in(text: str, lang: Lang, denied: set[str]) -> None:
    made = {changed.text for seed in range(30) if (changed := change_polarity(text, lang, NAMES, random.Random(seed)))}
    assert made
    assert made <= denied


def test_names_joined_by_and_may_change_places_and_others_may_not() -> None:
    joined = swap_roles("They met Marie Keller and Anna Novak.", "en", NAMES, random.Random(1))
    assert joined is not None
    assert (joined.text, joined.label) == ("They met Anna Novak and Marie Keller.", "supported")
    turned = swap_roles("Marie Keller defeated Anna Novak.", "en", NAMES, random.Random(1))
    assert turned is not None
    assert turned.text == "Anna Novak defeated Marie Keller."
    assert turned.label != "supported"


def test_a_name_is_replaced_by_one_that_the_sentence_does_not_hold() -> None:
    for seed in range(20):
        changed = change_name("She lives in Vienna.", "en", NAMES, random.Random(seed))
        assert changed is not None
        assert changed.text in {"She lives in Prague.", "She lives in Moravia.", "She lives in Munich."}


@pytest.mark.parametrize("lang", ["en", "de"])
@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000))
def test_a_rewritten_sentence_has_no_number_that_disagrees_with_the_source(lang: Lang, seed: int) -> None:
    for text in ENGLISH if lang == "en" else GERMAN:
        rewritten = rewrite(text, lang, NAMES, random.Random(seed))
        theirs = quantities(text, lang)
        for mine in quantities(rewritten, lang):
            if mine.kind == "percent":  # counts may be rounded down and are told by "more than"
                assert any(mine.agrees(other) for other in theirs), (text, rewritten)


def test_rewriting_says_less_or_says_it_otherwise() -> None:
    made = {
        rewrite("The hall (built of wood) opened on 4 April 1998.", "en", NAMES, random.Random(seed))
        for seed in range(60)
    }
    assert "The hall opened on 4 April 1998." in made
    assert "The hall (built of wood) opened in April 1998." in made
    assert "The hall (built of wood) opened on April 4, 1998." in made
    german = {rewrite("Es hat 1.200.000 Einwohner.", "de", NAMES, random.Random(seed)) for seed in range(60)}
    assert "Es hat 1,2 Millionen Einwohner." in german


def test_a_sentence_gives_kept_changed_and_open_claims() -> None:
    pairs = [
        pair for seed in range(20) for pair in from_sentence(sentence(ENGLISH[0], "en"), NAMES, random.Random(seed))
    ]
    by_kind = {pair.kind: pair.label for pair in pairs}
    assert by_kind["kept-en"] == "supported"
    assert by_kind["number-en"] == by_kind["date-en"] == "contradicted"
    assert by_kind["detail-en"] == by_kind["less-en"] == "unverifiable"
    assert not [pair for pair in pairs if pair.label != "supported" and pair.claim in pair.premise]


def test_a_claim_that_people_wrote_is_changed_beside_its_own_source() -> None:
    pair = Pair("It began in May 1990 in Prague.", "It started in 1990.", "supported", "en", "fever")
    made = [changed for seed in range(20) for changed in from_claim(pair, NAMES, random.Random(seed))]
    assert {one.premise for one in made} == {pair.premise}
    assert {one.label for one in made} <= {"contradicted", "unverifiable", "not_supported"}
    assert any(one.kind == "date-en" for one in made)


def test_across_languages_the_claim_is_never_in_the_language_of_its_source() -> None:
    english, german = sentence(ENGLISH[0], "en"), sentence(GERMAN[0], "de")
    for seed in range(10):
        pairs = from_parallel(english, german, NAMES, random.Random(seed))
        assert pairs[0].label == "supported"
        assert all((german.text[:10] in pair.premise) == (pair.lang == "en") for pair in pairs)


def test_the_next_sentence_says_nothing_about_this_one() -> None:
    made = list(neighbours([sentence(ENGLISH[0], "en")] * 10, random.Random(1)))
    assert {(pair.claim, pair.label) for pair in made} == {(ENGLISH[0], "unverifiable")}
    assert all("After it comes this." in pair.premise and ENGLISH[0] not in pair.premise for pair in made)


def test_an_added_detail_stands_before_the_full_stop() -> None:
    added = add_detail("The bridge was closed.", "en", random.Random(1))
    assert added.startswith("The bridge was closed")
    assert added.endswith(".")
    assert len(added) > len("The bridge was closed.") + 5


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 10_000))
def test_changes_differ_from_the_text_and_are_of_different_kinds(seed: int) -> None:
    text = random.Random(seed).choice(ENGLISH)
    made = changes(text, "en", NAMES, random.Random(seed), most=len(CHANGES))
    assert all(changed.text != text for changed in made)
    assert len({changed.kind for changed in made}) == len(made)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 20_000))
def test_an_invented_fact_gives_claims_of_all_labels_and_no_slot_stays_open(seed: int) -> None:
    pairs = own_facts.draw(random.Random(seed))
    assert [pair.label for pair in pairs if pair.label == "supported"]
    assert pairs[1].label in ("contradicted", "not_supported")
    assert pairs[-1].label == "unverifiable"
    assert not [pair for pair in pairs if "{" in pair.premise + pair.claim]
    assert {pair.kind for pair in pairs} <= {"own-en", "own-de", "own-cross"}


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 20_000))
def test_a_false_invented_claim_is_not_what_the_source_says(seed: int) -> None:
    pairs = own_facts.draw(random.Random(seed))
    assert pairs[1].claim not in pairs[1].premise


@pytest.mark.parametrize("template", own_facts.TEMPLATES, ids=lambda template: f"{template.subject}: {template.slots}")
def test_every_way_to_say_a_fact_uses_slots_that_the_fact_has(template: own_facts.Template) -> None:
    slots = {template.subject, *template.slots.split()}
    for way in (*template.en, *template.de):
        assert set(re.findall(r"{(\w+)}", way)) == slots, way
    for way in (*template.not_en, *template.not_de):
        assert set(re.findall(r"{(\w+)}", way)) <= slots, way
