"""A batch whose questions are answered by a provider's batch jobs, at half the price and within a day.

The documents are gone over again and again: what has an answer goes on, what has none joins the next job. So splitting,
judging and asking again become stages, and a document is done when a pass meets no unanswered question in it. Between
any two steps the process may end, also by a kill; the same command takes it up again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING, Any, TypeVar

from factcheck.batch.run import NotYetError, Result, Way, Work
from factcheck.engine import Session, Spent
from factcheck.errors import ConfigError, ModelError, ModelUnavailable
from factcheck.models import Document, Report, StageUsage, Usage
from factcheck.report.words import counted

if TYPE_CHECKING:
    from factcheck.llm.batched import BatchedModel
    from factcheck.llm.jobs import Standing
    from factcheck.llm.ledger import Ledger

T = TypeVar("T")

STATE = ".openai-batch.sqlite3"
MOST_AT_ONCE = 50_000  # requests; OpenAI's limit for one job
POLL_S = (5.0, 60.0)  # the first pause between two looks at the jobs, and the longest
OUTAGE_S = 3600.0  # a server that does not say how the jobs are is asked again for so long


@dataclass
class Left:
    """Set where a run was left with jobs under way: how many, and of how many requests."""

    jobs: int = 0
    requests: int = 0

    def __bool__(self) -> bool:
        return self.jobs > 0


def by_jobs(*, wait: bool, left: Left, poll_s: tuple[float, float] = POLL_S) -> Way:
    """Checks documents by batch jobs; with ``wait`` until all are done, else as far as the answers at hand go.

    Where jobs are still under way at the end, ``left`` says so.
    """

    async def checked(work: Work) -> Result:
        from factcheck.llm.batched import open_batched
        from factcheck.llm.ledger import Ledger

        if work.ready.choice.name != "llm":
            raise ConfigError("--openai-batch needs a model: set OPENAI_API_KEY or --model; the local engine asks none")
        ledger = Ledger(work.output.folder / STATE)
        try:
            model = await open_batched(work.ready.settings, ledger)
            try:
                async with work.ready.session(model.chat) as session:
                    return await _Run(work, session, model, ledger, wait=wait, left=left, poll_s=poll_s).run()
            finally:
                await model.aclose()
        finally:
            ledger.close()

    return checked


class _Run:
    """Passes over the documents, and jobs in between."""

    def __init__(
        self,
        work: Work,
        session: Session,
        model: BatchedModel,
        ledger: Ledger,
        *,
        wait: bool,
        left: Left,
        poll_s: tuple[float, float],
    ) -> None:
        self._work = work
        self._session = session
        self._model = model
        self._ledger = ledger
        self._wait = wait
        self._left = left
        self._poll_s = poll_s

    async def run(self) -> Result:
        """What stopped the run halfway is in the result."""
        result = Result(
            rows=(),
            waiting=tuple(found.document for found in self._work.entries),
            kept=0,
            spent=Usage(cost_usd=0.0),
        )
        try:
            if probed := not self._ledger.is_new:
                await self._model.probe()  # answered from the ledger, and so the same parameters are left out again
            while await self._answered():
                result = await self._pass(result)
                if not result.waiting or result.stopped is not None:
                    break
                if not probed:
                    await self._model.probe()
                    self._ledger.forget_unsent()  # to be asked as the model was found to take it
                    probed = True
                    continue
                await self._send()
        except ModelError as error:
            return replace(result, stopped=error)
        if not result.waiting and result.stopped is None:
            self._ledger.remove()
        return result

    async def _pass(self, before: Result) -> Result:
        """Goes over the documents that have no end yet, and notes in the ledger what they wait for."""
        waiting = set(before.waiting)
        entries = [found for found in self._work.entries if found.document in waiting]
        asked = self._work.asked
        if len(entries) < len(self._work.entries):
            asked = replace(asked, files=())  # no longer the whole folder: the others are not gone
        self._model.begin_pass()
        try:
            batch = replace(self._work, asked=asked).batch(_Deferred(self._session, self._ledger))
            after = await batch.run(entries)
        finally:
            self._ledger.save()
        return replace(after, rows=(*before.rows, *after.rows), kept=before.kept + after.kept)

    # --- jobs ---------------------------------------------------------------------------------------------------

    async def _answered(self) -> bool:
        """Whether all that was sent has come to an end; waits for that where it was asked to."""
        pause, longest = self._poll_s
        while self._ledger.under_way():
            standings = await self._patiently(self._looked)
            if not (jobs := self._ledger.under_way()):
                break
            if not self._wait:
                self._left.jobs, self._left.requests = len(jobs), sum(job.size for job in jobs)
                return False
            done, size = sum(s.done for s in standings), sum(s.size for s in standings)
            told = ", ".join(sorted({standing.status for standing in standings}))
            self._work.say(f"factcheck: batch jobs: {done} of {size} requests done ({told})")
            await asyncio.sleep(pause)
            pause = min(longest, 1.5 * pause)
        return True

    async def _looked(self) -> list[Standing]:
        return [await self._model.server.standing(self._ledger, job) for job in self._ledger.under_way()]

    async def _send(self) -> None:
        """Sends what is wanted, as far as the budget goes; where the provider takes little at a time, one job only."""
        sent = 0
        for endpoint in self._ledger.endpoints_wanted():
            while (most := self._affordable(endpoint)) > 0:
                job = await self._patiently(partial(self._model.server.submit, self._ledger, endpoint, most=most))
                sent += job.size if job is not None else 0
                if job is None or self._ledger.most_per_job is not None:
                    break
        if not sent and not self._ledger.under_way():
            raise self._exhausted()
        self._work.say(f"factcheck: {counted(sent, 'request')} sent to be answered by batch jobs")

    def _affordable(self, endpoint: str) -> int:
        """How many of the requests wanted may be sent now."""
        settings = self._session.settings
        most = self._ledger.most_per_job or MOST_AT_ONCE
        if settings.max_calls is not None:
            most = min(most, settings.max_calls - self._ledger.sends())
        if settings.max_cost is None:
            return most
        room = settings.max_cost - self._ledger.spent()
        costs = accumulate(wanted.likely for wanted in self._ledger.wanted(endpoint))
        return min(most, sum(1 for _ in takewhile(lambda cost: cost <= room, costs)))

    def _exhausted(self) -> ModelError:
        settings, wanted = self._session.settings, self._ledger.count("wanted")
        if not wanted:
            return ModelError("internal", "a bug in factcheck: documents wait for answers that nobody was asked for")
        option = "--max-calls" if settings.max_calls is not None else "--max-cost"
        return ModelUnavailable(
            "budget_exhausted",
            f"{counted(self._ledger.sends(), 'request')} sent, and {wanted} more would go beyond the budget: raise"
            f" {option} and run again; answers so far are kept",
        )

    async def _patiently(self, step: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Tries again while the server is in trouble that may pass, if the run waits anyway."""
        pause, longest = self._poll_s
        started = time.monotonic()
        while True:
            try:
                return await step()
            except ModelUnavailable:
                raise
            except ModelError as error:
                if not self._wait or time.monotonic() - started > OUTAGE_S:
                    raise
                self._work.say(f"factcheck: {error}; tried again in {pause:.0f} s")
            await asyncio.sleep(pause)
            pause = min(longest, 1.5 * pause)


class _Deferred:
    """A session whose documents have no end before all their questions have an answer."""

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self._session = session
        self._ledger = ledger
        self._is_open = False

    @property
    def key(self) -> str:
        return self._session.key

    @property
    def unavailable(self) -> ModelUnavailable | None:
        return self._session.unavailable

    @property
    def waits(self) -> str:
        return ""

    @contextmanager
    def account(self) -> Iterator[Spent]:
        """Of the whole run, what its jobs took, whichever process sent them; inside that, of one document."""
        if self._is_open:
            with self._session.account() as own:
                yield own
            return
        self._is_open = True
        try:
            yield _Jobs(self._ledger)
        finally:
            self._is_open = False

    async def check(self, document: Document, *, started: float) -> Report:
        from factcheck.llm.batched import WAITS

        report = await self._session.check(document, started=started)
        failures = [*report.failures, *(outcome.failure for outcome in report.outcomes)]
        if any(failure is not None and failure.message == WAITS for failure in failures):
            raise NotYetError(f"{document.source}: {WAITS}")
        return report


@dataclass(frozen=True)
class _Jobs:
    """What all jobs of a ledger took, as ``engine.Spent``."""

    ledger: Ledger

    def usage(self) -> dict[str, StageUsage]:
        tokens = self.ledger.tokens()
        return {"jobs": StageUsage(calls=self.ledger.sends(), input_tokens=tokens[0], output_tokens=tokens[1])}

    def cost(self) -> float | None:
        return round(self.ledger.spent(), 6) if self.ledger.has_prices else None
