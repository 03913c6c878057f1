"""Cases and calibration: what the judge reads of a claim, and how sure it has to be before it says something."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn comes with factcheck[eval]")

from factcheck.models import Stance
from factcheck.verdict.local import Signs
from tests.training.folder import data_folder, page_in, row
from training.calibrate import (
    MEAN_FALSE_SUPPORTED,
    MOST_FALSE_SUPPORTED,
    SIGNS,
    Floats,
    Judged,
    answers,
    contradicted_precision,
    false_supported,
    fit,
    fit_likeliest,
    held_out,
    likely,
    table,
)
from training.cases import STRANGERS, Case, case_of, dev_cases, written_cases
from training.data import Label, rows_of


def small_folder(folder: Path) -> Path:
    """Two dev claims about two pages, and no free text."""
    first = page_in("dev")
    rows = [
        row(1, "It rained.", "It rained in May.", "supported", title=first),
        row(2, "It snowed.", "It did not snow.", "contradicted", title=page_in("dev", avoid=[first])),
    ]
    return data_folder(folder, {"fever/train.jsonl.gz": rows, "xquad/corpus.jsonl.gz": []})


def signs(margin: float) -> Signs:
    return Signs(margin, 0.5, *[0.0] * 7)


def judged(
    label: Label, supports: float | None, contradicts: float | None, about: str = "x", kind: str = "fever"
) -> Judged:
    case = Case("Claim.", (("", "Text."),), label, "en", "en", kind, about)
    given: dict[Stance, float | None] = {"supports": supports, "contradicts": contradicts}
    return Judged(case, {stance: None if margin is None else signs(margin) for stance, margin in given.items()})


def clear(count: int = 60) -> list[Judged]:
    """Claims of all three labels that their margins tell apart."""
    made: list[Judged] = []
    for at in range(count):
        about = f"page {at}"
        made += [
            judged("supported", 4.0, -4.0, about),
            judged("contradicted", -4.0, 4.0, about),
            judged("unverifiable", -3.0, -3.0, about),
        ]
    return made


def test_a_case_holds_the_passages_of_its_row_as_the_store_would_cut_them(tmp_path: Path) -> None:
    case = case_of(rows_of(small_folder(tmp_path), ("dev",))[0])
    assert (case.claim, case.label, case.about) == ("It rained.", "supported", page_in("dev"))
    assert [item.passage.text for item in case.evidence] == ["It rained in May."]


def test_a_written_claim_stands_among_passages_about_other_things() -> None:
    cases = list(written_cases("dev"))
    assert len(cases) > 100
    for case in cases:
        assert len(case.passages) == 1 + STRANGERS
        assert len(set(case.passages)) == 1 + STRANGERS
    assert {case.kind for case in cases} == {"written-en", "written-de", "written-cross"}


def test_no_kind_has_more_cases_than_agreed_and_no_other_kind_comes_in(tmp_path: Path) -> None:
    cases = dev_cases(small_folder(tmp_path), ("fever", "written-en"), 7, 5)
    assert [case.kind for case in cases] == ["fever"] * 2 + ["written-en"] * 5


def test_labels_that_the_margins_tell_apart_are_given_and_the_rest_is_withheld() -> None:
    claims = clear()
    decision, chances = fit(claims)
    least: dict[Stance, float] = {stance: decision[stance]["threshold"] for stance in ("supports", "contradicts")}
    assert answers(chances, least) == [claim.case.label for claim in claims]


def test_a_side_without_a_window_that_may_speak_has_no_chance() -> None:
    claims = [*clear(), judged("supported", None, -4.0)]
    assert held_out(claims, "supports", SIGNS)[-1] == 0.0


def test_a_label_that_cannot_be_trusted_gets_the_highest_threshold() -> None:
    rng = np.random.default_rng(3)
    labels: Sequence[Label] = ("supported", "contradicted", "unverifiable")
    claims = [judged(labels[at % 3], float(rng.normal()), float(rng.normal()), about=f"page {at}") for at in range(150)]
    decision, chances = fit(claims)
    said = answers(chances, {stance: decision[stance]["threshold"] for stance in ("supports", "contradicts")})
    rates = false_supported(claims, said)
    assert max(rates.values()) <= MOST_FALSE_SUPPORTED
    assert np.mean(list(rates.values())) <= MEAN_FALSE_SUPPORTED
    assert said.count("supported") < 10


def test_both_sides_sure_is_no_label() -> None:
    chances = {"supports": np.array([0.9, 0.9, 0.1]), "contradicts": np.array([0.9, 0.1, 0.9])}
    least: dict[Stance, float] = {"supports": 0.8, "contradicts": 0.8}
    assert answers(chances, least) == ["unverifiable", "supported", "contradicted"]  # type: ignore[arg-type]


def test_the_precision_of_contradicted_counts_what_was_said_against_what_is() -> None:
    claims = [judged(label, 0.0, 0.0) for label in ("contradicted", "supported", "unverifiable", "contradicted")]
    assert contradicted_precision(
        claims, ["contradicted", "contradicted", "unverifiable", "contradicted"]
    ) == pytest.approx(2 / 3)
    assert contradicted_precision(claims, ["unverifiable"] * 4) == 1.0


def test_the_likeliest_label_is_the_likelier_one_or_none() -> None:
    claims = clear()
    found = fit_likeliest(claims)
    assert 0.3 <= found["least"] <= 0.55
    assert set(found["contradicts"]["weights"]) > set(SIGNS)
    chances: dict[Stance, Floats] = {
        "supports": np.array([0.9, 0.2, 0.1]),
        "contradicts": np.array([0.1, 0.8, 0.2]),
    }
    assert likely(chances, found["least"]) == ["supported", "contradicted", "unverifiable"]


def test_the_table_tells_of_every_set() -> None:
    claims = [*clear(), *(judged("unverifiable", -3.0, -3.0, f"p{at}", "scifact") for at in range(20))]
    decision, chances = fit(claims)
    lines = table(claims, chances, decision).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["fever", "scifact"]
    assert lines[2].split("|")[2:5] == [" 0.000 ", " 1.000 ", " 1.000 "]
