"""Tries whether the retrieval embedder finds more when it is tuned on claims and the passages that settle them.

    python -m training.embedder --data ../shared/data --out ../embedder --minutes 12
    python -m training.embedder export --run ../embedder --out ../embedder/half --share 0.5
    python -m training.embedder compare --data ../shared/data --candidate ../embedder/int8

The first two need torch (training/README.md), the third needs the product instead, with ``factcheck[eval]``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

_COMMANDS = {"export": "training.embedder_run:export_main", "compare": "training.embedder_compare:main"}
_TRAIN = "training.embedder_run:main"


def main(arguments: Sequence[str]) -> None:
    """Trains, or does what the first argument names."""
    known = bool(arguments) and arguments[0] in _COMMANDS
    module, _, function = (_COMMANDS[arguments[0]] if known else _TRAIN).partition(":")
    getattr(import_module(module), function)(arguments[1:] if known else arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
