"""Writes the contrasts of held-back sentences as samples that ``python -m eval`` reads.

    python -m training.contrast_cases --data ../shared/data --out cases.jsonl
    python -m eval run verdict --data cases.jsonl

The sentences are those of the free sets' test part. A sample's ``kind`` names what was changed and the language, as in
``number-de``; it is about its sentence, so that an interval resamples sentences. Changes that may contradict, or only
say something else, count as unverifiable: what is read off is how many changed claims are called supported.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

from eval.records import Reference, Sample
from training.data import Pair, rows_of
from training.mix import contrasts_of

NAME = "contrasts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, required=True, help="file to write, one sample a line")
    parser.add_argument("--most", type=int, default=200, help="samples of each kind, at most")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    pairs = contrasts_of(given.data, rows_of(given.data, ("test",)), "test", random.Random(given.seed))
    samples = samples_of(pairs, given.most)
    given.out.write_text(
        "".join(f"{one.model_dump_json(exclude_defaults=True)}\n" for one in samples), encoding="utf-8"
    )
    print(f"{len(samples)} samples of {len({one.kind for one in samples})} kinds written to {given.out}")


def samples_of(pairs: Sequence[Pair], most: int) -> list[Sample]:
    """At most so many samples of each kind, in the order given."""
    counts: dict[str, int] = {}
    samples = []
    for pair in pairs:
        number = counts[pair.kind] = counts.get(pair.kind, 0) + 1
        if number <= most:
            samples.append(_sample(pair, number))
    return samples


def _sample(pair: Pair, number: int) -> Sample:
    return Sample(
        id=f"{NAME}/{pair.kind}-{number}",
        dataset=NAME,
        about=pair.premise,
        claim=pair.claim,
        language=pair.lang,
        label="unverifiable" if pair.label == "not_supported" else pair.label,
        evidence=(Reference(doc_id=f"{pair.kind}-{number}", text=pair.premise, language=pair.lang),),
        kind=pair.kind,
    )


if __name__ == "__main__":
    main()
