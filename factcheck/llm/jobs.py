"""OpenAI batch jobs: requests uploaded as a file, answered within a day at half the price, fetched as a file."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import httpx2
import openai
from openai.types import Batch

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.llm.faults import Fault, fault_of, scrub
from factcheck.llm.ledger import Answered, Job, Ledger, Lost, Settled, Wanted
from factcheck.llm.meter import Price, tokens_of
from factcheck.models import FailureCode

MOST_REQUESTS = 50_000  # OpenAI's limits for one job
MOST_BYTES = 190_000_000  # of 200 MB
FACTOR = 0.5  # of the list price
SDK_RETRIES = 5  # of one request about a file or a job; the SDK waits as the server asks
TIMEOUT_S = 600.0  # for one file
SETTLES_S = 10.0  # until a job that was just created is surely listed
_NAME = "factcheck_job"  # our id of a job, among the metadata the provider keeps
_CLOCK_S = 3600.0  # how far the provider's clock may be off
_ENDED = ("completed", "failed", "expired", "cancelled")
_TOO_MUCH = re.compile(r"token_limit_exceeded|enqueued token", re.IGNORECASE)
_TROUBLE = (openai.OpenAIError, httpx2.HTTPError)

T = TypeVar("T")


@dataclass(frozen=True)
class Standing:
    """How far a job is: the provider's own word for it, and requests done of all."""

    status: str
    done: int
    size: int

    @property
    def has_ended(self) -> bool:
        return self.status in _ENDED


class JobServer:
    """The files and batches endpoints of a server, used for the requests in a ledger.

    Every method raises ModelError where the server fails to do what it was asked, and ModelUnavailable where it would
    fail again.
    """

    def __init__(
        self,
        sdk: openai.AsyncOpenAI,
        shown: str,
        *,
        price: Price | None = None,
        secrets: tuple[str, ...] = (),
        settles_s: float = SETTLES_S,
    ) -> None:
        """``price`` is the list price of the model asked; ``shown`` is the address as errors name it."""
        self._sdk = sdk.with_options(max_retries=SDK_RETRIES, timeout=TIMEOUT_S)
        self._shown = shown
        self._price = price
        self._secrets = secrets
        self._settles_s = settles_s

    async def submit(self, ledger: Ledger, endpoint: str, *, most: int = MOST_REQUESTS) -> Job | None:
        """Sends up to ``most`` of the requests wanted, as many as one job takes; None where none is."""
        with tempfile.TemporaryFile(dir=ledger.path.parent) as file:
            digests = _written(ledger.wanted(endpoint), file, min(most, MOST_REQUESTS))
            if not digests:
                return None
            job = ledger.begin(endpoint, digests)
            try:
                upload = await self._uploaded(job, file)
            except ModelError:
                ledger.give_back(job)
                raise
        ledger.uploaded(job, upload)
        created = await self._asked(lambda: self._create(job, upload))  # where that fails, ``_found`` tells
        ledger.created(job, created.id)
        return job

    async def _uploaded(self, job: Job, file: IO[bytes]) -> str:
        def upload() -> Awaitable[Any]:
            file.seek(0)
            return self._sdk.files.create(file=(f"factcheck-{job.id}.jsonl", file), purpose="batch")

        return str((await self._asked(upload)).id)

    async def _create(self, job: Job, upload: str) -> Batch:
        """Asked once only: asked again after a silence, the server would have two jobs."""
        endpoint: Any = job.endpoint  # what the SDK lists is OpenAI's own
        return await self._sdk.with_options(max_retries=0).batches.create(
            input_file_id=upload, endpoint=endpoint, completion_window="24h", metadata={_NAME: job.id}
        )

    async def standing(self, ledger: Ledger, job: Job) -> Standing:
        """How far a job is; one that has ended is taken over into the ledger, and its files are deleted."""
        if job.remote is None:
            return await self._found(ledger, job)
        remote = job.remote
        try:
            batch = await self._asked(lambda: self._sdk.batches.retrieve(remote))
        except ModelUnavailable as error:
            if error.code != "model_error":
                raise
            ledger.finish(job, (), Lost("model_error", f"the provider knows no job {remote} any more"))
            return Standing("failed", 0, job.size)
        counts = batch.request_counts
        done = counts.completed + counts.failed if counts is not None else 0
        if batch.status in _ENDED:
            await self._take_over(ledger, job, batch)
        return Standing(batch.status, done, job.size)

    async def _found(self, ledger: Ledger, job: Job) -> Standing:
        """A job of which it is not known whether it was created: the process was killed, or the server fell silent."""
        remote = await self._listed(job)
        if remote is not None:
            ledger.created(job, remote)
        elif time.time() - job.begun > self._settles_s:
            ledger.give_back(job)
        return Standing("validating", 0, job.size)

    async def _listed(self, job: Job) -> str | None:
        try:
            async for batch in self._sdk.batches.list(limit=100):
                if (batch.metadata or {}).get(_NAME) == job.id:
                    return batch.id
                if batch.created_at < job.begun - _CLOCK_S:
                    return None
        except _TROUBLE as error:
            raise self._error(fault_of(error, deadline=TIMEOUT_S)) from error
        return None

    async def _take_over(self, ledger: Ledger, job: Job, batch: Batch) -> None:
        words = _words_of(batch)
        if batch.status == "failed" and job.size > 1 and _TOO_MUCH.search(words):
            ledger.limit_jobs(max(1, job.size // 2))
            ledger.give_back(job)
            await self._delete(job.upload)
            return
        with tempfile.TemporaryFile(dir=ledger.path.parent) as file:
            for result in (batch.output_file_id, batch.error_file_id):
                if result:
                    await self._asked(lambda name=result: self._download(name, file))  # type: ignore[misc]
            file.seek(0)
            ledger.finish(job, _read(file, self._price, self._secrets), _rest(batch, words))
        await self._delete(job.upload, batch.output_file_id, batch.error_file_id)

    async def _download(self, name: str, into: IO[bytes]) -> None:
        """Adds a file's lines; a download that broke off is begun again at the end of what others left."""
        into.seek(0, 2)
        begin = into.tell()
        try:
            async with self._sdk.files.with_streaming_response.content(name) as response:
                async for chunk in response.iter_bytes():
                    into.write(chunk)
        except _TROUBLE:
            into.truncate(begin)
            raise
        into.write(b"\n")

    async def _delete(self, *files: str | None) -> None:
        """What was uploaded and answered need not lie at the provider for a month; trouble with that is no trouble."""
        for name in filter(None, files):
            with suppress(*_TROUBLE):
                await self._sdk.with_options(max_retries=0).files.delete(name)

    async def _asked(self, request: Callable[[], Awaitable[T]]) -> T:
        try:
            return await request()
        except _TROUBLE as error:
            raise self._error(fault_of(error, deadline=TIMEOUT_S)) from error

    def _error(self, fault: Fault) -> ModelError:
        what = f"batch jobs at {self._shown}: {scrub(fault.message, self._secrets)}"
        if fault.kind == "retry":
            return ModelError(fault.code, what)
        hint = "; has this server a batch endpoint?" if fault.status in (404, 405, 501) else ""
        return ModelUnavailable(fault.code, f"{what}{hint}")


def _written(wanted: Iterable[Wanted], file: IO[bytes], most: int) -> list[str]:
    """Writes requests as the lines of an upload, as many as fit; the digests of those written."""
    digests: list[str] = []
    size = 0
    for request in wanted:
        line = b'{"custom_id": "%s", "method": "POST", "url": "%s", "body": %s}\n' % (
            request.digest.encode(),
            request.endpoint.encode(),
            request.body,
        )
        size += len(line)
        if len(digests) == most or (digests and size > MOST_BYTES):
            break
        file.write(line)
        digests.append(request.digest)
    return digests


def _read(lines: Iterable[bytes], price: Price | None, secrets: tuple[str, ...]) -> Iterator[Settled]:
    """What the lines of a result say; a line that says nothing of a request leaves it to the unmentioned."""
    for raw in lines:
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("custom_id"), str):
            yield _settled(line, price, secrets)


def _settled(line: dict[str, Any], price: Price | None, secrets: tuple[str, ...]) -> Settled:
    digest, response, error = line["custom_id"], line.get("response"), line.get("error")
    if not isinstance(response, dict) or not isinstance(response.get("status_code"), int):
        told = error if isinstance(error, dict) else {}
        code: FailureCode = "timeout" if told.get("code") == "batch_expired" else "model_error"
        what = scrub(str(told.get("message") or told.get("code") or "the job gave no answer"), secrets)
        return Settled(digest, Lost(code, f"a batch job left the request unanswered: {what}"))
    status, body = response["status_code"], response.get("body")
    if status >= 400:
        fault = _fault(status, body)
        if fault.kind in ("retry", "stop") and not fault.about_model:
            return Settled(digest, Lost(fault.code, f"in a batch job: {scrub(fault.message, secrets)}"))
    tokens = tokens_of(body.get("usage")) if isinstance(body, dict) else None
    cost = FACTOR * price(tokens) if price is not None and tokens is not None else None
    return Settled(digest, Answered(status, json.dumps(body).encode()), tokens, cost)


class _Said(Exception):
    """An error answer from inside a job, as ``fault_of`` reads those of the SDK."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__("no message" if not body else str(body))
        self.status_code = status
        self.body = body


def _fault(status: int, body: Any) -> Fault:
    return fault_of(_Said(status, body), deadline=TIMEOUT_S)


def _words_of(batch: Batch) -> str:
    told = batch.errors.data if batch.errors is not None and batch.errors.data else []
    return "; ".join(f"{error.code}: {error.message}" for error in told[:3])


def _rest(batch: Batch, words: str) -> Lost:
    """What a request is lost to that the results do not mention."""
    if batch.status == "expired":
        return Lost("timeout", "the batch job expired before this request was answered")
    if batch.status == "completed":
        return Lost("model_error", "the results of the batch job do not mention this request")
    return Lost("model_error", f"the batch job {batch.status}" + (f" ({words})" if words else ""))
