"""Regressions planted on purpose: each is caught by ``compare``, and the same engine without it passes.

Labels swapped for 5 % of the claims, negation ignored, quotes unchecked. The own set is measured with a judge that
knows its gold, so that what is caught is the plant and not what an engine of today happens to get wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from eval.compare import compare
from eval.datasets.choosing import SEED, Wanted
from eval.datasets.own import FOLDER
from eval.engines import Engine
from eval.make_contrast.cases import cases
from eval.records import Result
from eval.results import write
from factcheck.documents import list_documents, read_document
from factcheck.language.cues import NEGATIONS
from factcheck.language.words import words
from factcheck.models import Claim, Evidence, RejectedQuote
from factcheck.protocols import Judge, Judgement
from factcheck.retrieve.passages import passages_of
from tests.evaluation.engines import (
    Garbling,
    Knowing,
    Swapping,
    believing,
    judged_by,
    measured,
    quick_to_index,
    share_of,
)
from tests.evaluation.test_cli import invoked

OWN = Wanted()
GOOD = 0.2  # of the claims a good engine leaves open; the rest it gets right


@dataclass(frozen=True)
class DeafToNegation:
    """Plant: the judge hears every claim without its "not"."""

    judge_asked: Judge

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        language = evidence[0].passage.language if evidence else "en"
        return await self.judge_asked.judge(without_negation(claim, language), evidence, rejected=rejected)


def without_negation(claim: Claim, language: str) -> Claim:
    text = claim.text
    for word in reversed(words(text, language)):
        if word.text.lower() in NEGATIONS[language]:
            text = text[: word.start].rstrip() + " " + text[word.end :].lstrip()
    return claim.model_copy(update={"text": " ".join(text.split())})


@pytest.fixture(scope="module")
def own_verdicts() -> Result:
    return measured("verdict", OWN, judged_by(Knowing.of("verdict", OWN, blind=GOOD)))


@pytest.fixture(scope="module")
def contrast_cases(tmp_path_factory: pytest.TempPathFactory) -> Wanted:
    """Made of the own set's references, whose sentences the local engine can judge."""
    references = FOLDER / "references"
    passages = [passage for path in list_documents(references) for passage in passages_of(read_document(path))]
    path: Path = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    made = cases(passages, name="own-references", n=400, seed=SEED).samples
    path.write_text("".join(f"{sample.model_dump_json()}\n" for sample in made), encoding="utf-8")
    return Wanted(path)


def one_in_twenty(result: Result) -> frozenset[str]:
    claims = [sample.input for sample in result.samples if sample.label in ("supported", "contradicted")]
    return frozenset(sorted(claims, key=lambda claim: share_of(claim, "swap"))[: len(claims) // 20])


def test_labels_swapped_for_one_claim_in_twenty_are_caught(own_verdicts: Result, tmp_path: Path) -> None:
    judge = Swapping(Knowing.of("verdict", OWN, blind=GOOD), one_in_twenty(own_verdicts))
    swapped = measured("verdict", OWN, judged_by(judge))
    found = compare(own_verdicts, swapped)
    assert (found.verdict, found.exit_code) == ("regression", 1), found.conclusion
    assert "false-supported" in found.conclusion
    assert (found.flips[0].before, found.flips[0].after) == ("contradicted", "supported")
    for name, result in (("before", own_verdicts), ("after", swapped)):
        write(tmp_path / f"{name}.json", result)
    done = invoked("compare", tmp_path / "before.json", tmp_path / "after.json")
    assert done.exit_code == 1, done.output


def test_the_same_engine_again_passes(own_verdicts: Result) -> None:
    again = measured("verdict", OWN, judged_by(Knowing.of("verdict", OWN, blind=GOOD)))
    assert compare(own_verdicts, again).exit_code == 0


def test_an_engine_that_stops_answering_is_no_pass(own_verdicts: Result) -> None:
    mute = measured("verdict", OWN, judged_by(Knowing({})))  # a judge with a bug: it fails on every claim
    assert all(sample.failure is not None for sample in mute.samples)
    assert compare(own_verdicts, mute).exit_code == 3


def test_negation_ignored_is_caught(contrast_cases: Wanted) -> None:
    baseline = measured("contrast", contrast_cases)

    def deaf(engine: Engine) -> Engine:
        return replace(engine, judge=DeafToNegation(engine.judge), signals=lambda *texts: ())

    found = compare(baseline, measured("contrast", contrast_cases, deaf))
    assert (found.verdict, found.exit_code) == ("regression", 1), found.conclusion
    assert "false-supported" in found.conclusion
    assert {flip.kind for flip in found.flips if flip.after == "supported"} == {"negation"}


def test_quotes_that_nobody_checks_are_caught() -> None:
    some = Wanted(limit=200)
    judge = Garbling(Knowing.of("citations", some), share=0.1)
    baseline = measured("citations", some, lambda engine: quick_to_index(replace(engine, judge=judge)))
    verbatim = [sample.scores["verbatim"] for sample in baseline.samples if "verbatim" in sample.scores]
    assert len(verbatim) > 50
    assert all(score.hits == score.of for score in verbatim)  # the real check lets no garbled quote past
    unchecked = measured("citations", some, lambda engine: quick_to_index(believing(replace(engine, judge=judge))))
    found = compare(baseline, unchecked)
    assert (found.verdict, found.exit_code) == ("regression", 1), found.conclusion
    assert "verbatim" in found.conclusion
