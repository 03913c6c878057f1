"""Pairs from passages and claims written by hand: what people write, which public sets hold little of.

``training/written/*.jsonl`` has, for each passage, claims with the words that decide them (its README says more).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from eval.parts import Part
from training.data import TITLE_KEPT, WINDOW_WORDS, Pair, overlap, premise_of, split_sentences, windows_of

FOLDER = Path(__file__).resolve().parent / "written"
_DEV = 20  # of a hundred passages
_NO_MORE = 0.6  # of a claim's words in a window without the deciding ones: it may say enough all the same


class WrittenClaim(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    lang: Literal["en", "de"]
    label: Literal["supported", "contradicted", "unverifiable"]
    quote: str
    how: str


class Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    lang: Literal["en", "de"]
    title: str
    passage: str
    claims: tuple[WrittenClaim, ...]

    @property
    def part(self) -> Part:
        return "dev" if self._drawn % 100 < _DEV else "train"

    def is_among(self, share: float) -> bool:
        """Whether it belongs to this share of all; what belongs to a smaller one belongs to a larger one as well."""
        return self._drawn // 100 % 1000 < 1000 * share

    @property
    def _drawn(self) -> int:
        return int(hashlib.sha256(self.id.encode()).hexdigest(), 16)


def written(folder: Path = FOLDER) -> list[Written]:
    """Every passage with its claims. Raises ValueError where a quote is not in its passage, or an id comes twice."""
    found: dict[str, Written] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            one = Written.model_validate_json(line)
            if one.id in found:
                raise ValueError(f"{path.name}: {one.id} comes twice")
            for claim in one.claims:
                if (claim.label == "unverifiable") != (not claim.quote) or claim.quote not in one.passage:
                    raise ValueError(f"{path.name}: {one.id}: the quote does not decide: {claim.text}")
            found[one.id] = one
    return list(found.values())


def written_pairs(part: Part, rng: random.Random, folder: Path = FOLDER, *, share: float = 1.0) -> list[Pair]:
    """The pairs of one part, ``kind`` being ``written-`` and the language of the claim, or ``written-cross``.

    Of ``share`` of the passages only: to see what more of them would buy.
    """
    here = [one for one in written(folder) if one.part == part and one.is_among(share)]
    return [pair for one in here for claim in one.claims for pair in _of(one, claim, rng)]


def _of(one: Written, claim: WrittenClaim, rng: random.Random) -> Iterator[Pair]:
    kind = f"written-{claim.lang if claim.lang == one.lang else 'cross'}"
    title = one.title if rng.random() < TITLE_KEPT else ""
    sentences = split_sentences(one.passage)

    def pair(text: str, label: Literal["supported", "contradicted", "unverifiable"]) -> Pair:
        return Pair(premise_of(title, text), claim.text, label, claim.lang, kind)

    spans = [" ".join(sentences[slice(*span)]) for size in (2, 3) for span in windows_of(sentences, size)]
    short = [text for text in spans if len(text.split()) <= WINDOW_WORDS]
    if claim.label == "unverifiable":
        nearest = [max(texts, key=lambda text: overlap(claim.text, text)) for texts in (sentences, short) if texts]
        yield from (pair(text, "unverifiable") for text in dict.fromkeys(nearest))
        return
    yield pair(claim.quote, claim.label)
    around = [text for text in short if _holds(text, claim.quote)]
    if around:
        yield pair(rng.choice(around), claim.label)
    away = [
        text
        for text in sentences
        if text not in claim.quote and claim.quote not in text and overlap(claim.text, text) < _NO_MORE
    ]
    if away:
        yield pair(rng.choice(away), "unverifiable")


def _holds(text: str, quote: str) -> bool:
    return " ".join(quote.split()) in " ".join(text.split())


def main() -> None:
    rng = random.Random(7)
    for part in ("train", "dev"):
        pairs = written_pairs(part, rng)
        counts: dict[tuple[str, str], int] = {}
        for one in pairs:
            counts[one.kind, one.label] = counts.get((one.kind, one.label), 0) + 1
        print(part, json.dumps({" ".join(key): many for key, many in sorted(counts.items())}))


if __name__ == "__main__":
    main()
