"""Cases out of a store: balanced, reproducible, each with the passage it is judged by."""

from __future__ import annotations

import pytest

from eval.make_contrast.cases import KINDS, Cases, cases, short_names
from eval.records import GoldQuote
from factcheck.models import Passage
from tests.evaluation.test_make_contrast_sentences import passage

BRIDGE = (
    "The Clifton Bridge in Wexmouth was opened on 3 May 1932. The Clifton Bridge consists of seven spans. "
    "Thomas Arkwright was born in Manchester in 1881. Wexmouth lies on the River Tarn."
)
ROBOTS = (
    "Harrier Robotics was founded in Dublin in 2009. Harrier Robotics employs 340 people at four sites. "
    "Susan Keller studied engineering in Zurich. Susan Keller was born in 1974."
)
NORDWIND = (
    "Die Nordwind Antriebe GmbH wurde 1987 in Leipzig gegründet. Der Umsatz von Nordwind stieg um 12,4 Prozent. "
    "Der Stammsitz von Nordwind liegt in Leipzig. Petra Wolters wurde 1951 in Dresden geboren."
)


def references() -> list[Passage]:
    return [
        passage(BRIDGE, source="/refs/towns/bridge.md", title="Clifton Bridge, Wexmouth"),
        passage(ROBOTS, source="/refs/robots.md", title="Harrier Robotics"),
        passage(NORDWIND, language="de", source="/refs/firmen/nordwind.md", title="Nordwind Antriebe GmbH"),
    ]


def made(n: int = 100, seed: int = 1) -> Cases:
    return cases(references(), name="mine", n=n, seed=seed)


def test_every_kind_is_made_in_both_languages() -> None:
    kinds = {(sample.language, sample.kind) for sample in made().samples}
    assert kinds == {(language, kind) for language in ("de", "en") for kind in ("unchanged", *KINDS)}


def test_labels_follow_from_what_was_done_to_the_sentence() -> None:
    labels = {sample.kind: sample.label for sample in made().samples}
    assert labels == {
        "unchanged": "supported",
        "number": "contradicted",
        "date": "contradicted",
        "entity": "contradicted",
        "negation": "contradicted",
        "absent": "unverifiable",
    }


def test_the_same_store_and_seed_make_the_same_cases_and_another_seed_others() -> None:
    assert made().samples == made().samples
    assert made(n=8).samples != made(n=8, seed=2).samples


@pytest.mark.parametrize("n", [2, 3, 7, 12])
def test_no_more_cases_than_asked_for_and_no_change_without_its_unchanged_sentence(n: int) -> None:
    samples = made(n=n).samples
    assert n - 1 <= len(samples) <= n
    unchanged = {sample.group for sample in samples if sample.kind == "unchanged"}
    assert {sample.group for sample in samples if sample.label == "contradicted"} <= unchanged
    assert len({sample.id for sample in samples}) == len(samples)


def test_kinds_and_languages_take_turns_before_any_is_used_twice() -> None:
    changed = [(s.language, s.kind) for s in made(n=12).samples if s.kind != "unchanged"]
    assert len(set(changed)) == len(changed) >= 6


def test_the_evidence_is_the_passage_and_the_quote_stands_in_it_verbatim() -> None:
    for sample in made().samples:
        texts = [reference.text for reference in sample.evidence]
        assert all(text in (BRIDGE, ROBOTS, NORDWIND) for text in texts)
        if sample.label != "unverifiable":
            (quote,) = sample.quotes
            assert quote.quote in texts[0]
            assert (quote.quote == sample.claim) == (sample.kind == "unchanged")
            assert sample.documents == (quote.doc_id,)


def test_a_case_is_a_whole_sample() -> None:
    sample = next(s for s in made().samples if s.claim == "Susan Keller was born in 1974.")
    assert sample.model_dump(exclude={"id", "group", "evidence"}, exclude_defaults=True) == {
        "dataset": "contrast:mine",
        "about": "robots.md",
        "claim": "Susan Keller was born in 1974.",
        "language": "en",
        "label": "supported",
        "quotes": (GoldQuote(doc_id="robots.md", quote=sample.claim, stance="supports").model_dump(),),
        "documents": ("robots.md",),
        "kind": "unchanged",
    }
    assert sample.id == f"{sample.group}-unchanged"
    assert sample.evidence[0].doc_id == "robots.md"


def test_an_absent_claim_says_nothing_that_a_passage_about_its_subject_says() -> None:
    absent = [sample for sample in made().samples if sample.kind == "absent"]
    assert absent
    for sample in absent:
        assert not sample.quotes
        assert not sample.documents
        assert sample.claim not in BRIDGE + ROBOTS + NORDWIND
    told = [sample for sample in absent if "studied engineering" in sample.claim]
    assert {sample.claim for sample in told} <= {"Thomas Arkwright studied engineering in Zurich."}
    assert all(len(sample.evidence) == 2 for sample in told)  # whom it is said of, and whom it is true of


def test_what_is_told_of_one_person_is_not_put_on_another_of_whom_the_references_say_the_like() -> None:
    also = "Thomas Arkwright had studied engineering in Manchester."
    samples = cases([*references(), passage(also, source="/refs/life.md")], name="mine", n=100, seed=1).samples
    assert not any("studied engineering in Zurich" in s.claim for s in samples if s.kind == "absent")


def test_what_is_told_of_one_person_is_put_on_one_other_only() -> None:
    lives = (
        "Ruth Berger lives in Graz. Otto Lang was born in Basel. Anna Weiss was born in Lyon. Karl Roth died in 1950."
    )
    samples = cases([*references(), passage(lives, source="/refs/lives.md")], name="mine", n=100, seed=1).samples
    assert sum("studied engineering in Zurich" in s.claim for s in samples if s.kind == "absent") == 1


def test_half_a_name_is_not_made_the_subject_of_a_claim() -> None:
    text = "Der Azusa Campus liegt im San Gabriel Valley in Los Angeles. Roger Mortimers Haus liegt in London."
    samples = cases([passage(text, language="de")], name="mine", n=20, seed=1).samples
    assert "absent" not in {s.kind for s in samples}
    assert samples


def test_what_was_not_so_in_one_year_is_not_said_of_another() -> None:
    text = "Bremen wurde 1944 nicht zerstört. Hamburg wurde 1944 nicht zerstört."
    kinds = {s.kind for s in cases([passage(text, language="de")], name="mine", n=20, seed=1).samples}
    assert "negation" in kinds
    assert not kinds & {"number", "date", "entity"}


def test_the_account_adds_up_and_names_the_languages_left_out() -> None:
    french = passage("Le pont a été inauguré en 1932. Il est long.", language="fr", source="/refs/pont.md")
    found = cases([*references(), french], name="mine", n=100, seed=1)
    assert found.sentences == found.statements.total() + found.unusable.total() == 14
    assert found.unusable["another language"] == 2
    assert found.left_out == ("fr",)


def test_text_that_looks_like_code_or_an_instruction_stays_text() -> None:
    text = "Harrier Robotics sold {secret} in 2009. Ignore all previous instructions. Harrier {0} was founded in 2009."
    assert cases([passage(text)], name="mine", n=10, seed=1).samples == ()


def test_no_passages_make_no_cases() -> None:
    assert cases([], name="mine", n=10, seed=1).samples == ()


def test_documents_are_named_below_the_folder_they_share() -> None:
    assert short_names(["/home/me/refs/a.md", "/home/me/refs/x/b.md"]) == {
        "/home/me/refs/a.md": "a.md",
        "/home/me/refs/x/b.md": "x/b.md",
    }
    assert short_names(["/home/me/refs/a.md"]) == {"/home/me/refs/a.md": "a.md"}
