"""How often --second-opinion is right: warnings about verdicts that are right, and about their opposites.

    python bench/second_opinion.py                 # the own set: the gold quotes as citations
    python bench/second_opinion.py --data DATA     # and the test parts of public sets: their gold evidence as citations

Each claim whose gold label is supported or contradicted is given two verdicts on the same citations, as an LLM could
have given them: the right label, and the opposite one. A warning about the first is a false alarm, one about the second
a find. How many warnings are right depends on how often an LLM errs: it is printed for one verdict in twenty.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.datasets.choosing import Wanted
from eval.datasets.loading import claim_sets
from eval.intervals import Counted, intervals_of
from eval.records import Sample
from eval.tasks.given import evidence_of
from factcheck.models import Citation, Claim, Evidence, Label, Span, Stance, Verdict
from factcheck.text import locate
from factcheck.verdict.second import LocalSecondOpinion

SETS = ("fever", "scifact", "fm2", "feverous-s", "fever-symmetric")
STANCES: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}
OPPOSITE: dict[Label, Label] = {"supported": "contradicted", "contradicted": "supported"}
ERRS = 0.05  # of verdicts
LONGEST = 600  # characters cited at once; whole articles are no citation


@dataclass(frozen=True)
class Looked:
    """One claim: whether its right verdict and its opposite were warned about."""

    about: str
    false_alarm: bool
    find: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder of public sets; without it the own set alone")
    parser.add_argument("--limit", type=int, default=400, help="claims of a set, at most")
    given = parser.parse_args()
    print("| set | claims | false alarms | finds | of warnings right, if one verdict in twenty is wrong |")
    print("|---|---|---|---|---|")
    wanted = [Wanted()]
    if given.data is not None:
        wanted.append(Wanted(path=given.data, sets=SETS, limit=given.limit))
    for one in wanted:
        for data in claim_sets(one):
            looked = asyncio.run(look_at(data.samples))
            print(row(data.info.name, looked), flush=True)


async def look_at(samples: Sequence[Sample]) -> list[Looked]:
    """Both verdicts on every claim that has a side and words that decide it."""
    second = LocalSecondOpinion()
    found: list[Looked] = []
    for sample in samples:
        if sample.label not in OPPOSITE:
            continue
        evidence = evidence_of(sample.evidence)
        label: Label = "supported" if sample.label == "supported" else "contradicted"
        warned = [
            bool(await second.look(claim_of(sample), verdict, evidence))
            for side in (label, OPPOSITE[label])
            if (verdict := verdict_of(side, sample, evidence)) is not None
        ]
        if len(warned) == 2:
            found.append(Looked(sample.about, *warned))
    return found


def claim_of(sample: Sample) -> Claim:
    span = Span(start=0, end=len(sample.claim))
    return Claim(id="s1.1", text=sample.claim, span=span, sentences=("s1",), checkworthiness="high")


def verdict_of(label: Label, sample: Sample, evidence: Sequence[Evidence]) -> Verdict | None:
    """A verdict on the sample's gold words; None where they are too long to be a citation."""
    cited = tuple(citations(STANCES[label], sample, evidence))
    return Verdict(label=label, reason=None, rationale="", citations=cited) if cited else None


def citations(stance: Stance, sample: Sample, evidence: Sequence[Evidence]) -> Iterator[Citation]:
    words = [quote.quote for quote in sample.quotes] or [item.passage.text for item in evidence]
    for text in words:
        for passage in (item.passage for item in evidence):
            span = locate(text, passage.text)
            if span is None or len(text) > LONGEST:
                continue
            start = passage.span.start
            yield Citation(
                passage=passage.id,
                source=passage.source,
                title=passage.title,
                page=None,
                span=Span(start=start + span.start, end=start + span.end),
                quote=span.of(passage.text),
                stance=stance,
            )
            break


def row(name: str, looked: Sequence[Looked]) -> str:
    alarms, finds = ([getattr(one, which) for one in looked] for which in ("false_alarm", "find"))
    wrong, right = (1 - ERRS) * float(np.mean(alarms)), ERRS * float(np.mean(finds))
    precise = f"{right / (right + wrong):.0%}" if right + wrong else "no warning"
    return f"| {name} | {len(looked)} | {_share(looked, alarms)} | {_share(looked, finds)} | {precise} |"


def _share(looked: Sequence[Looked], hits: Sequence[bool]) -> str:
    abouts = sorted({one.about for one in looked})
    pairs = np.zeros((len(abouts), 1, 2))
    for one, hit in zip(looked, hits, strict=True):
        pairs[abouts.index(one.about), 0] += (hit, 1)
    (bounds,) = intervals_of([Counted(pairs, len(looked))])
    return f"{np.mean(hits):.1%}" + (f" [{bounds[0]:.1%}, {bounds[1]:.1%}]" if bounds else "")


if __name__ == "__main__":
    main()
