"""A chat model for ``tests.servers.ScriptedServer`` that works by rule: it reads our prompts and nothing else."""

from __future__ import annotations

import re
from typing import Any

from tests.servers import Reply, Request, ok

_LINE = re.compile(r"^\[(s\d+)\] (.+)$", re.M)
_PASSAGE = re.compile(r"<passage-(\w+) (\d+)>\n(.*?)\n</passage-\1>", re.S)
_CLAIM = re.compile(r"<claim-(\w+)>\n(.*?)\n</claim-\1>", re.S)


def is_split(request: Request) -> bool:
    return "[s" in request.user and "<claim-" not in request.user


def honest(request: Request) -> Reply:
    """Every sentence is a claim; a claim that stands word for word in a passage is supported by those words."""
    return ok(split_answer(request) if is_split(request) else judge_answer(request))


def split_answer(request: Request) -> dict[str, Any]:
    return {"sentences": [_sentence(name, text) for name, text in _LINE.findall(request.user)]}


def _sentence(name: str, text: str) -> dict[str, Any]:
    claim = {"quote": text, "text": text, "also": [], "checkworthiness": "high", "queries": [text[:60]]}
    return {"id": name, "kind": "claims", "claims": [claim]}


def judge_answer(request: Request) -> dict[str, Any]:
    found = _CLAIM.search(request.user)
    assert found is not None
    claim = found[2].rstrip(".")
    for _, number, text in _PASSAGE.findall(request.user):
        if claim in text:
            quotes = [{"passage": int(number), "quote": claim, "stance": "supports"}]
            return _answer("supported", None, quotes)
    return _answer("unverifiable", "insufficient", [])


def _answer(label: str, reason: str | None, quotes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"analysis": "", "quotes": quotes, "label": label, "reason": reason, "rationale": "By rule."}
