"""All passages of a store at once, and which hold given words: how a made-up claim is shown to stand nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from factcheck.models import Passage

_WORD = re.compile(r"\w+")
_ENDING = {
    "en": re.compile(r"(?:ings?|ed|es|s|ly)$"),
    "de": re.compile(r"(?:ungen|ung|est|ern|ten|tes|te|en|em|er|es|et|e|n|s|t)$"),
}
_SHORTEST = 4  # letters a word keeps when its ending is dropped


class Corpus:
    """The passages of a store, and an index of their words without endings, titles included."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.passages = tuple(passages)
        self._holding: dict[str, set[int]] = {}
        for number, passage in enumerate(self.passages):
            for word in keys_of(f"{passage.title} {passage.text}", passage.language):
                self._holding.setdefault(word, set()).add(number)

    def holding(self, words: Iterable[str], language: str) -> set[int]:
        """The numbers of the passages that hold every one of these words, in whatever form and order."""
        keys = {key for word in words for key in keys_of(word, language)}
        found = [self._holding.get(key, set()) for key in keys]
        return set.intersection(*found) if found else set()

    def mentions(self, name: str, language: str) -> set[int]:
        """The numbers of the passages that hold every word of a name, or its last word where that is long and rare."""
        whole = self.holding([name], language)
        last = _WORD.findall(name)[-1:]
        return whole | self.holding(last, language) if last and len(last[0]) >= _SHORTEST else whole

    def share(self, words: Iterable[str], language: str, number: int) -> float:
        """Which share of the words a passage holds, 0 to 1; 1 for no words at all."""
        keys = {key for word in words for key in keys_of(word, language)}
        return sum(number in self._holding.get(key, ()) for key in keys) / len(keys) if keys else 1.0


def keys_of(text: str, language: str) -> frozenset[str]:
    """The words of a text in lower case and without their usual endings."""
    return frozenset(_key(word, language) for word in _WORD.findall(text.lower()))


@lru_cache(maxsize=200_000)
def _key(word: str, language: str) -> str:
    ending = _ENDING.get(language)
    bare = ending.sub("", word) if ending and not word.isdigit() else word
    return bare if len(bare) >= _SHORTEST else word
