"""What a round of training is made of: so many pairs of each kind, drawn anew each time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from training.data import Pair, Row, pairs_of, parallel_pairs, rows_of

#: Pairs a round, by kind. All of what is nearest to the product's work; a share of what is far from it or plentiful.
SHARES: dict[str, int] = {
    "fever": 7400,
    "strangers": 1200,
    "feverous-s": 1300,
    "fm2": 800,
    "scifact": 1800,
    "citint": 2000,
    "infotabs": 3000,
    "snli": 2500,
    "breaking-nli": 900,
    "summedits": 1300,
    "begin": 900,
    "bump": 300,
    "pawsx": 2200,
    "pawsx-cross": 700,
    "scitab": 200,
    "liar-plus": 200,
}


class Mix:
    """Pairs by kind, from which a round takes its shares; every pair comes once before one comes twice."""

    def __init__(self, rows: Sequence[Row], seed: int) -> None:
        self._seed = seed
        natural = [*pairs_of(rows, random.Random(seed)), *parallel_pairs(rows)]
        self._by_kind: dict[str, list[Pair]] = {}
        for pair in natural:
            if pair.lang in ("de", "en"):
                self._by_kind.setdefault(pair.kind, []).append(pair)
        random.Random(seed).shuffle(self._by_kind["fever"])
        for pairs in self._by_kind.values():
            random.Random(seed).shuffle(pairs)

    def draw(self, round_: int) -> list[Pair]:
        """The pairs of round ``round_``, the same ones each time it is asked."""
        drawn: list[Pair] = []
        for kind, share in SHARES.items():
            pairs = self._by_kind[kind]
            drawn += [pairs[at % len(pairs)] for at in range(round_ * share, (round_ + 1) * share)][: len(pairs)]
        return drawn

    def counts(self) -> Counter[str]:
        return Counter({kind: len(pairs) for kind, pairs in self._by_kind.items()})


def read_mix(folder: Path, seed: int) -> Mix:
    return Mix(rows_of(folder), seed)


def dev_pairs(folder: Path, seed: int, most: int = 250) -> list[Pair]:
    """Pairs of the dev part, at most so many of a kind, to stop and to compare by."""
    rng = random.Random(seed)
    pairs = pairs_of(rows_of(folder, ("dev",)), rng)
    rng.shuffle(pairs)
    kept: Counter[str] = Counter()
    chosen: list[Pair] = []
    for pair in pairs:
        if pair.lang in ("de", "en") and kept[pair.kind] < most:
            kept[pair.kind] += 1
            chosen.append(pair)
    return chosen
