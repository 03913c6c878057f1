"""The CPU that the libraries alone take for the work of a batch, for ``bench.batch overhead`` to set beside it.

    python -m bench.bare --out OUT --store STORE [--concurrency 8]

Reads the reports below OUT and does once more what they asked of onnxruntime and tokenizers, Chroma, LangChain and
OpenAI's client: the same texts are embedded, the same vectors looked up, the same messages sent with the same schema,
to split each document and to judge each claim. Nothing is made of what comes back. Prints JSON: how many claims, and
the CPU seconds they took, without the start and the reading of reports. Searching for words, telling languages,
keeping replies and fetching texts are left out: they count as ours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from numpy.typing import NDArray
from pydantic import BaseModel, SecretStr
from tokenizers import Tokenizer

from factcheck.batch.records import INDEX, read_rows
from factcheck.llm.wire import messages_for, runnable_for
from factcheck.local.loading import manifest_of, session_of, verified
from factcheck.local.minilm import WEIGHTS, embedded
from factcheck.models import Outcome, Report
from factcheck.protocols import Answer, Prompt
from factcheck.report.schema import read_report
from factcheck.retrieve.search import DEPTH, THREADS, WIDER
from factcheck.retrieve.store import Store
from factcheck.split.llm import LLMSplitter
from factcheck.verdict.llm import LLMJudge


class _AskedError(Exception):
    pass


@dataclass
class _Recorder:
    """A ``ChatModel`` that takes down what it would be asked."""

    prompts: list[tuple[Prompt, type[BaseModel]]] = field(default_factory=list)

    async def ask(self, prompt: Prompt, schema: type[Answer], check: Callable[[Answer], None] | None = None) -> Answer:
        self.prompts.append((prompt, schema))
        raise _AskedError


@dataclass(frozen=True)
class _Work:
    """What one call of the model, and the search before it, ask of libraries."""

    messages: list[BaseMessage]
    schema: type[BaseModel]
    texts: tuple[str, ...] = ()
    depths: tuple[int, ...] = ()


async def _works_of(report: Report) -> list[_Work]:
    return [*await _splits_of(report), *[await _work_of(outcome) for outcome in report.outcomes]]


async def _splits_of(report: Report) -> list[_Work]:
    recorder = _Recorder()
    with suppress(_AskedError):
        async for _ in LLMSplitter(recorder).split(report.document, report.sentences):
            pass
    return [_Work(messages_for(prompt, schema, "json_schema", None), schema) for prompt, schema in recorder.prompts]


async def _work_of(outcome: Outcome) -> _Work:
    recorder = _Recorder()
    with suppress(_AskedError):
        await LLMJudge(recorder).judge(outcome.claim, outcome.evidence)
    [(prompt, schema)] = recorder.prompts
    wide = outcome.search is not None and outcome.search.looked_wider
    return _Work(
        messages=messages_for(prompt, schema, "json_schema", None),
        schema=schema,
        texts=tuple(dict.fromkeys((outcome.claim.text, *outcome.claim.queries))),
        depths=(DEPTH, WIDER * DEPTH) if wide else (DEPTH,),
    )


class _Libraries:
    """Model, tokenizer, store and chat model, with as little of ours about them as works."""

    def __init__(self, store: Store) -> None:
        manifest = manifest_of(WEIGHTS, "window")
        self._session = session_of(verified(WEIGHTS, manifest, "model.onnx"))
        self._tokenizer = Tokenizer.from_str(verified(WEIGHTS, manifest, "tokenizer.json").decode())
        self._store = store
        self._chat = ChatOpenAI(
            model=os.environ["FACTCHECK_MODEL"],
            base_url=os.environ["OPENAI_BASE_URL"],
            api_key=SecretStr(os.environ["OPENAI_API_KEY"]),
            temperature=0,
            max_retries=0,
            cache=False,
        )
        self._runnables: dict[type[BaseModel], Runnable[Any, Any]] = {}

    def look_up(self, work: _Work) -> None:
        vectors = [self._embedded(text) for text in work.texts]
        for depth in work.depths:
            self._store.dense(vectors, depth)

    def _embedded(self, text: str) -> NDArray[np.float32]:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        vector: NDArray[np.float32] = vectors[0]
        return vector

    async def ask(self, work: _Work) -> None:
        if work.schema not in self._runnables:
            self._runnables[work.schema] = runnable_for(self._chat, work.schema, "json_schema", None, newer_limit=False)
        await self._runnables[work.schema].ainvoke(work.messages)


async def _cpu_of(works: Sequence[_Work], libraries: _Libraries, concurrency: int) -> float:
    loop, turns = asyncio.get_running_loop(), asyncio.Semaphore(concurrency)
    with ThreadPoolExecutor(THREADS) as threads:

        async def one(work: _Work) -> None:
            async with turns:
                if work.texts:
                    await loop.run_in_executor(threads, libraries.look_up, work)
                await libraries.ask(work)

        await asyncio.gather(*map(one, (works[0], works[-1])))  # one of each sort: all is loaded by now
        before = time.process_time()
        await asyncio.gather(*map(one, works))
        return time.process_time() - before


async def _measure(out: Path, store: str, concurrency: int) -> dict[str, float]:
    reports = [read_report(out / row.report) for row in read_rows(out / INDEX).values() if row.report is not None]
    works = [work for report in reports for work in await _works_of(report)]
    claims = sum(len(report.outcomes) for report in reports)
    with Store.open(store, embedded()) as opened:
        return {"claims": claims, "cpu_s": await _cpu_of(works, _Libraries(opened), concurrency)}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--store", required=True)
    options.add_argument("--concurrency", type=int, default=8)
    given = options.parse_args()
    print(json.dumps(asyncio.run(_measure(given.out, given.store, given.concurrency))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
