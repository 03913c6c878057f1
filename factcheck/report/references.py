"""Which file of the references a passage comes from, by the name that the store's fingerprint gives it."""

from __future__ import annotations

from collections.abc import Iterable


class FileNames:
    """The names of a store's files: paths below the folders they were read from, where passages know the whole path."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def of(self, source: str) -> str:
        """The name of the file that ``source`` is; the longest where several fit, ``source`` itself where none does."""
        rest = source
        while rest not in self._names:
            _, slash, rest = rest.partition("/")
            if not slash:
                return source
        return rest
