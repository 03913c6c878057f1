"""One thing changed in a sentence, and what every change is checked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from eval.make_contrast.corpus import Corpus, keys_of
from eval.make_contrast.sentences import Statement

Kind = Literal["number", "date", "entity", "negation"]


@dataclass(frozen=True)
class Edit:
    """The stretch of a statement's text to replace, and what to put there."""

    start: int
    end: int
    new: str

    def applied(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


def stands_elsewhere(claim: str, statement: Statement, corpus: Corpus) -> bool:
    """Whether some passage holds every word of the changed claim that the statement lacks, among most of the others.

    Then another source may say just that, and it is no longer sure that the claim is contradicted.
    """
    language = statement.language
    added = keys_of(claim, language) - keys_of(statement.text, language)
    kept = keys_of(claim, language) - added
    return any(corpus.share(kept, language, number) >= _MOST for number in corpus.holding(added, language))


_MOST = 0.6  # of the words that claim and statement share


def shuffled(edits: Iterator[Edit] | list[Edit], random: Random) -> list[Edit]:
    """All edits in an order that ``random`` decides."""
    found = list(edits)
    random.shuffle(found)
    return found
