"""A checker to hand to a batch in place of an engine: real reports, made by rule, at once and without any model.

A sentence with "true" in it is supported, with "false" contradicted, any other unverifiable; one with a failure's code
in angle brackets fails with it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from factcheck.batch.output import Output
from factcheck.batch.plan import plan
from factcheck.batch.records import INDEX, read_rows
from factcheck.batch.run import Asked, Batch, Result
from factcheck.engine import key_of
from factcheck.errors import ModelUnavailable
from factcheck.models import (
    Citation,
    Claim,
    Document,
    Evidence,
    Failure,
    FailureCode,
    Outcome,
    Passage,
    Provenance,
    Report,
    Sentence,
    Span,
    StageUsage,
    StoreFingerprint,
    Usage,
    Verdict,
    account,
)
from factcheck.report.schema import read_report

_CODE = re.compile(r"<(\w+)>")


@dataclass
class Spent:
    calls: int = 0

    def usage(self) -> dict[str, StageUsage]:
        return {"judge": StageUsage(calls=self.calls, input_tokens=100 * self.calls)}

    def cost(self) -> float | None:
        return self.calls / 1000


_ACCOUNTS: ContextVar[tuple[Spent, ...]] = ContextVar("accounts", default=())


class Checking:
    """``trouble`` may raise for a document; ``made`` lists the documents that reports were made of, in order."""

    waits = ""

    def __init__(
        self, *, store: str = "store-1", trouble: Callable[[Document], None] = lambda _: None, pause_s: float = 0.0
    ) -> None:
        self.store = store
        self.unavailable: ModelUnavailable | None = None
        self.made: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._trouble = trouble
        self._pause_s = pause_s

    @property
    def key(self) -> str:
        return key_of(self._provenance("0" * 64))

    @contextmanager
    def account(self) -> Iterator[Spent]:
        own = Spent()
        before = _ACCOUNTS.set((*_ACCOUNTS.get(), own))
        try:
            yield own
        finally:
            _ACCOUNTS.reset(before)

    async def check(self, document: Document, *, started: float) -> Report:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            with self.account() as own:
                for spent in _ACCOUNTS.get():
                    spent.calls += 1
                await asyncio.sleep(self._pause_s)
                self._trouble(document)
                report = self._report(document, own)
        finally:
            self._at_once -= 1
        self.made.append(Path(document.source).name)
        return report

    def _report(self, document: Document, own: Spent) -> Report:
        sentences = tuple(
            Sentence(id=f"s{number}", span=Span(start=match.start(), end=match.end()))
            for number, match in enumerate(re.finditer(r"[^.\s][^.]*\.?", document.text), start=1)
        )
        outcomes = tuple(_outcome(sentence, document) for sentence in sentences)
        return Report(
            document=document,
            sentences=sentences,
            outcomes=outcomes,
            exclusions=(),
            failures=(),
            warnings=(),
            totals=account(sentences, outcomes, (), ()),
            usage=Usage(stages=own.usage(), seconds=0.0, cost_usd=own.cost()),
            provenance=self._provenance(hashlib.sha256(document.text.encode()).hexdigest()),
        )

    def _provenance(self, document_sha256: str) -> Provenance:
        return Provenance(
            factcheck="0",
            engine="llm",
            engine_reason="by rule",
            model="rule-1",
            parameters={},
            prompts={},
            store=StoreFingerprint(
                location="refs", digest=self.store, embedder="e", chunking="c", passages=1, files={"a.txt": "0" * 64}
            ),
            settings={},
            as_of=None,
            as_of_source="unknown",
            document_sha256=document_sha256,
            created=datetime.now(UTC),
        )


def _outcome(sentence: Sentence, document: Document) -> Outcome:
    text = sentence.span.of(document.text)
    claim = Claim(
        id=f"{sentence.id}.1", text=text, span=sentence.span, sentences=(sentence.id,), checkworthiness="high"
    )
    if (code := _CODE.search(text)) is not None:
        assert code[1] in get_args(FailureCode)
        return Outcome(claim=claim, failure=Failure.model_validate({"stage": "judge", "code": code[1], "message": "x"}))
    passage = Passage(
        id="a.txt:0",
        source="a.txt",
        title="",
        language="en",
        published=None,
        text=text,
        span=Span(start=0, end=len(text)),
    )
    evidence = (Evidence(passage=passage, score=1.0, ranks={"lexical": 1}),)
    stance = {"true": "supports", "false": "contradicts"}.get(next(iter(re.findall("true|false", text)), ""))
    if stance is None:
        return Outcome(
            claim=claim,
            evidence=evidence,
            verdict=Verdict(label="unverifiable", reason="insufficient", rationale=""),
        )
    citation = Citation.model_validate(
        {
            "passage": passage.id,
            "source": "a.txt",
            "title": "",
            "page": None,
            "span": passage.span,
            "quote": text,
            "stance": stance,
        }
    )
    label: Any = "supported" if stance == "supports" else "contradicted"
    return Outcome(
        claim=claim,
        evidence=evidence,
        verdict=Verdict(label=label, reason=None, rationale="", citations=(citation,)),
    )


def batch(folder: Path, out: Path, checker: Checking, *, at_once: int = 4, **asked: Any) -> Result:
    """A whole run of a batch but for the engine: planned, locked, checked, written."""
    wanted = Asked(folder=folder, out=out, **asked)
    entries = plan(folder, out=out, files=wanted.files, since=wanted.since)
    with Output.held(out, folder) as output:
        return asyncio.run(Batch(wanted, output, checker, at_once=at_once).run(entries))


def write(folder: Path, **texts: str) -> Path:
    """Documents ``<name>.txt`` in ``folder``, which is made; two underscores in a name are a slash."""
    for name, text in texts.items():
        path = folder / f"{name.replace('__', '/')}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def contents(out: Path) -> dict[str, Any]:
    """All that reports say but for times, and for where they were asked."""
    found = {}
    for row in read_rows(out / INDEX).values():
        assert row.report is not None
        made = json.loads(read_report(out / row.report).model_dump_json())
        del made["usage"]["seconds"], made["provenance"]["created"], made["provenance"]["settings"]["base_url"]
        found[row.document] = made
    return found
