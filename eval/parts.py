"""Which part of a public set a sample belongs to, so that nothing is measured on what something was trained on.

The rule is a hash of what the sample is about (a Wikipedia page, a table, an answer), the same across sets: a page that
two sets share falls into one part. Training reads ``train``, thresholds are fitted on ``dev``, figures are read off
``test``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

Part = Literal["train", "dev", "test"]

_TEST_ONLY = ("fever-symmetric/", "scifact/dev", "citint/dev", "infotabs/dev", "wice/dev", "unstated/", "nc/")
_NEVER_TRAIN = ("factcheck-bench/", "wice/")  # half for thresholds, half for figures
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


def about_of(file: str, row: Mapping[str, Any]) -> str:
    """What a row of ``file`` is about: a page, an answer, a pair of sentences, or the text it was written for.

    A row of a corpus is about its title. A question of ``xquad`` names no title: ask with the row of its paragraph.
    """
    meta: Mapping[str, Any] = row.get("meta") or {}
    if "evidence" not in row:
        return str(row["title"])
    first: Mapping[str, Any] = row["evidence"][0] if row["evidence"] else {"title": "", "doc_id": row["id"]}
    if file.startswith("factcheck-bench/"):
        return str(meta["doc"])
    if file.startswith("pawsx/"):
        return f"pawsx {meta['pair']}"
    if file.startswith("liar-plus/"):  # every title says PolitiFact
        return str(row["id"])
    pages: list[str] = meta.get("pages") or [meta.get("page") or first["title"] or meta.get("table") or first["doc_id"]]
    return str(pages[0])


def _place(about: str) -> int:
    """0 to 99, by hash of the name without case, white space and what a title has in brackets or past a bar."""
    name = re.sub(r"\s*[|(].*$", "", about).casefold()
    return int(hashlib.sha256(re.sub(r"[\W_]+", "", name).encode()).hexdigest(), 16) % 100
