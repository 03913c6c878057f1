"""Claims with the passages they are judged by, read exactly as the product reads them.

Thresholds are fitted on these (``calibrate``). A written claim stands among passages about other things, as a search
would bring them: what a judge says of text that does not decide matters as much as what it says of the text that does.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.parts import Part
from eval.records import Reference
from eval.tasks.given import evidence_of
from factcheck.local.pairs import PairModel
from factcheck.models import Evidence
from factcheck.verdict.local import Finding, read, windows_of
from training.data import Label, Row, overlap, rows_of
from training.mix import held_contrasts
from training.written import Written, written

STRANGERS = 3  # passages about other things beside a written claim's own


@dataclass(frozen=True, slots=True)
class Case:
    """One claim, its passages as (title, text) in ``passage_lang``, and the gold label."""

    claim: str
    passages: tuple[tuple[str, str], ...]
    label: Label
    lang: str
    passage_lang: str
    kind: str
    about: str

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The passages as the store would cut them."""
        return evidence_of(
            [
                Reference(doc_id=f"{number}", title=title, text=text, language=self.passage_lang)
                for number, (title, text) in enumerate(self.passages)
            ]
        )


def case_of(row: Row) -> Case:
    passages = tuple((item["title"], item["text"]) for item in row.evidence)
    about = passages[0][0] or passages[0][1][:80]
    return Case(row.claim, passages, row.label, row.lang, row.lang, row.file.partition("/")[0], about)


def dev_cases(folder: Path, kinds: Sequence[str], seed: int, most: int) -> list[Case]:
    """Dev claims of these kinds, at most so many of each: of the free sets, changed by code, and written."""
    rng = random.Random(seed)
    rows = rows_of(folder, ("dev",))
    cases = [case_of(row) for row in rows if row.lang in ("de", "en")]
    rng.shuffle(cases)
    cases += [
        Case(pair.claim, (("", pair.premise),), pair.label, pair.lang, pair.lang, pair.kind, pair.premise)
        for pair in held_contrasts(folder, rows, "dev", rng)
    ]
    by_hand = list(written_cases("dev"))
    rng.shuffle(by_hand)
    cases += by_hand
    by_kind: dict[str, list[Case]] = {}
    for case in cases:
        by_kind.setdefault(case.kind, []).append(case)
    return [case for kind in kinds for case in by_kind.get(kind, [])[:most]]


def written_cases(part: Part) -> Iterator[Case]:
    """Each written claim with its passage and those nearest to it in words."""
    here = [one for one in written() if one.part == part]
    for one in here:
        passages = ((one.title, one.passage), *((other.title, other.passage) for other in _nearest(one, here)))
        for claim in one.claims:
            kind = f"written-{claim.lang if claim.lang == one.lang else 'cross'}"
            yield Case(claim.text, passages, claim.label, claim.lang, one.lang, kind, one.id)


def _nearest(one: Written, others: Sequence[Written]) -> list[Written]:
    near = [other for other in others if other.lang == one.lang and other.id != one.id]
    return sorted(near, key=lambda other: -overlap(one.passage, other.passage))[:STRANGERS]


def findings_of(case: Case, model: PairModel) -> list[Finding]:
    """What the judge reads of a case's passages, and what the model says to it."""
    return read(case.claim, windows_of(case.claim, case.evidence), model)
