"""Which part of a public set a sample belongs to, so that nothing is measured on what something was trained on.

The rule is a hash of what the sample is about (a Wikipedia page, a table, an answer), the same across sets: a page that
two sets share falls into one part. Training reads ``train``, thresholds are fitted on ``dev``, figures are read off ``test``.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

Part = Literal["train", "dev", "test"]

_TEST_ONLY = ("fever-symmetric/", "scifact/dev", "citint/dev", "infotabs/dev", "wice/dev", "unstated/", "nc/")
_NEVER_TRAIN = ("factcheck-bench/", "wice/", "xquad/")  # half for thresholds, half for figures
_HAVE_A_TEST_FILE = ("scifact/train", "citint/train", "infotabs/train")


def part_of(file: str, about: str) -> Part:
    """The part of a sample in ``file`` (relative to the data folder) that speaks about ``about``."""
    if file.startswith(_TEST_ONLY):
        return "test"
    place = _place(about)
    if file.startswith(_NEVER_TRAIN):
        return "dev" if place < 50 else "test"
    if place < 60:
        return "train"
    if place < 75:
        return "dev"
    return "train" if file.startswith(_HAVE_A_TEST_FILE) else "test"


def _place(about: str) -> int:
    """0 to 99, by hash of the name without case, white space and what a Wikipedia title has in brackets or after a bar."""
    name = re.sub(r"\s*[|(].*$", "", about).casefold()
    return int(hashlib.sha256(re.sub(r"[\W_]+", "", name).encode()).hexdigest(), 16) % 100
