"""What a round of training is made of: so many pairs of each kind, drawn anew each time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.parts import Part
from training import own_facts
from training.contrast import Names, from_claim, from_parallel, from_sentence, neighbours
from training.data import (
    Pair,
    Row,
    Sentence,
    pairs_of,
    parallel_pairs,
    parallel_sentences,
    rows_of,
    sentences_of,
)
from training.written import written_pairs

#: Pairs a round, by set. All of what is nearest to the product's work; a share of what is far from it or plentiful.
SHARES: dict[str, int] = {
    "fever": 7400,
    "strangers": 1200,
    "feverous-s": 1300,
    "fm2": 800,
    "scifact": 2200,
    "citint": 1200,
    "infotabs": 1500,
    "snli": 1500,
    "breaking-nli": 700,
    "summedits": 1300,
    "begin": 700,
    "bump": 200,
    "pawsx": 1900,
    "pawsx-cross": 500,
    "scitab": 150,
    "liar-plus": 200,
}
#: Made by code, a round: sentences that contrasts start from, by language; claims; invented facts (five pairs each).
#: No more than that: they are soon learned, and past two fifths of a round they slow down everything else.
SENTENCES = {"en": 1000, "de": 1100}
CLAIMS = {"en": 1600, "de": 450}
FACTS = 400
NEIGHBOURS = {"en": 500, "de": 300}
WRITTEN = 1  # times a round that every pair written by hand comes
#: Sets whose supported claims are short and say one thing: good to change one thing of.
_CLAIM_SETS = frozenset({"fever", "feverous-s", "fm2", "infotabs", "snli", "scifact", "pawsx", "pawsx-cross"})

#: The kinds of dev pairs whose mean decides which weights are best: those that the product's work is made of.
STOPPING = (
    *("fever", "feverous-s", "fm2", "scifact", "summedits", "pawsx", "contrast-en", "contrast-de"),
    *("written-en", "written-de", "written-cross"),
)
_WATCHED = frozenset({*STOPPING, "strangers", "infotabs", "snli", "citint", "factcheck-bench"})


class Mix:
    """Pairs by kind, from which a round takes its shares: every pair of a set comes once before one comes twice."""

    def __init__(
        self,
        rows: Sequence[Row],
        sentences: Sequence[Sentence],
        parallel: Sequence[tuple[Sentence, Sentence]],
        seed: int,
        written: float = 1.0,
    ) -> None:
        self._seed = seed
        self._written = written
        self._sentences = {lang: [one for one in sentences if one.lang == lang] for lang in ("en", "de")}
        self._parallel = parallel
        self._names = Names(sentences)
        self._by_kind: dict[str, list[Pair]] = {}
        for pair in [*pairs_of(rows, random.Random(seed)), *parallel_pairs(rows)]:
            if pair.lang in ("de", "en"):
                self._by_kind.setdefault(pair.kind, []).append(pair)
        for pairs in self._by_kind.values():
            random.Random(seed).shuffle(pairs)
        natural = [pair for kind in sorted(_CLAIM_SETS & self._by_kind.keys()) for pair in self._by_kind[kind]]
        supported = [pair for pair in natural if pair.label == "supported"]
        self._claims = {lang: [pair for pair in supported if pair.lang == lang] for lang in ("en", "de")}

    def draw(self, round_: int) -> list[Pair]:
        """The pairs of round ``round_``, the same ones each time it is asked."""
        return [*self._natural(round_), *self._made(random.Random(f"{self._seed} {round_}"))]

    def _natural(self, round_: int) -> list[Pair]:
        drawn: list[Pair] = []
        for kind, share in SHARES.items():
            pairs = self._by_kind.get(kind, [])
            size = min(share, len(pairs))
            drawn += [pairs[at % len(pairs)] for at in range(round_ * size, (round_ + 1) * size)]
        return drawn

    def _made(self, rng: random.Random) -> list[Pair]:
        made: list[Pair] = [pair for _ in range(WRITTEN) for pair in written_pairs("train", rng, share=self._written)]
        for lang, sentences in self._sentences.items():
            for sentence in rng.sample(sentences, min(SENTENCES[lang], len(sentences))):
                made += from_sentence(sentence, self._names, rng)
            made += neighbours(rng.sample(sentences, min(2 * NEIGHBOURS[lang], len(sentences))), rng)
        for lang, claims in self._claims.items():
            for pair in rng.sample(claims, min(CLAIMS[lang], len(claims))):
                made += from_claim(pair, self._names, rng)
        for english, german in self._parallel:
            made += from_parallel(english, german, self._names, rng)
        for _ in range(FACTS):
            made += own_facts.draw(rng)
        return made

    def counts(self) -> Counter[str]:
        """How many pairs of each set there are to draw from."""
        return Counter({kind: len(pairs) for kind, pairs in self._by_kind.items()})


def read_mix(folder: Path, seed: int, written: float = 1.0) -> Mix:
    """All that a run learns from, read from a folder of public sets; ``written`` is the share of what is written."""
    rows = rows_of(folder)
    return Mix(rows, _two_languages(sentences_of(folder, rows)), parallel_sentences(folder), seed, written)


def dev_pairs(folder: Path, seed: int, most: int = 180) -> list[Pair]:
    """Pairs of the dev part, at most so many of a kind, to stop and to compare by."""
    rng = random.Random(seed)
    rows = rows_of(folder, ("dev",))
    pairs = [pair for pair in pairs_of(rows, rng) if pair.lang in ("de", "en")]
    rng.shuffle(pairs)
    pairs += held_contrasts(folder, rows, "dev", rng)
    by_hand = written_pairs("dev", rng)
    rng.shuffle(by_hand)
    pairs += by_hand
    kept: Counter[str] = Counter()
    chosen: list[Pair] = []
    for pair in pairs:
        if pair.kind in _WATCHED and kept[pair.kind] < most:
            kept[pair.kind] += 1
            chosen.append(pair)
    return chosen


def held_contrasts(folder: Path, rows: Sequence[Row], part: Part, rng: random.Random) -> list[Pair]:
    """Contrasts of held-back sentences as two kinds, ``contrast-en`` and ``contrast-de``, in random order."""
    return [replace(pair, kind=f"contrast-{pair.lang}") for pair in contrasts_of(folder, rows, part, rng)]


def contrasts_of(folder: Path, rows: Sequence[Row], part: Part, rng: random.Random) -> list[Pair]:
    """Contrasts of the sentences of ``part``, ``rows`` being its rows; ``kind`` says what was changed."""
    sentences = _two_languages(sentences_of(folder, rows, (part,)))
    names = Names(sentences)
    picked = rng.sample(sentences, len(sentences))
    return [pair for sentence in picked for pair in from_sentence(sentence, names, rng)]


def _two_languages(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [sentence for sentence in sentences if sentence.lang in ("en", "de")]
