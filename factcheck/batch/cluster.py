"""A batch checked by the workers of a dask cluster, one document per task; this process alone writes.

Reports come back here, so that output, lock and resume are those of a run in one process. Every call to the model is
let through by this process too (``leases``): there is one budget and one rate, however many workers there are. A task
whose worker dies is done again by another.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, get_args

from factcheck import __version__
from factcheck.batch.leases import ALIVE_S, Lessor, Message, Purse
from factcheck.batch.run import Asked, Result, Way, Work
from factcheck.engine import Session, Spent
from factcheck.errors import ConfigError, FactcheckError, ModelError, ModelUnavailable, StoreCode, StoreError
from factcheck.models import Document, FailureCode, Report, StageUsage
from factcheck.settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Queue

    from factcheck.batch.worker import Job, Outcome

LOCAL = "local"
CONNECT_S = 15.0
LOOK_S = 1.0  # between two looks at which workers are there
WORKERLESS_S = 60.0  # a cluster without any worker is given so long
CLOSE_S = 10.0
SCRATCH = ".dask"

_LEFT_OUT = {  # keys stay where they are, folders are each machine's own, what is counted here is not counted there
    "api_key",
    "cache_dir",
    "max_calls",
    "max_cost",
    "requests_per_minute",
    "tokens_per_minute",
}


def require_shared(asked: Asked, settings: Settings) -> None:
    """Raises ConfigError for a store that workers cannot share: a folder loses vectors under several processes."""
    if asked.references is not None or not (settings.store or "").startswith(("http://", "https://")):
        raise ConfigError(
            "--dask needs a store on a Chroma server, as a folder cannot be used by several processes: chroma run,"
            " then factcheck index FOLDER --store http://host:port, and give the same --store here"
        )


def by_workers(address: str, *, workers: int | None = None) -> Way:
    """Checks documents on the cluster whose scheduler is at ``address``; ``local`` starts that many processes here."""

    async def checked(work: Work) -> Result:
        require_shared(work.asked, work.ready.settings)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(work.ready.session())
            client = await stack.enter_async_context(_connected(address, work, workers))
            crew = await stack.enter_async_context(_crew(client, session, keep_cache=address == LOCAL))
            return await work.batch(crew).run(work.entries)

    return checked


@asynccontextmanager
async def _connected(address: str, work: Work, workers: int | None) -> AsyncIterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        raise ConfigError("--dask needs the extra of that name: pip install 'factcheck[dask]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters comes back as an error
    async with AsyncExitStack() as stack:
        where: Any = address
        if address == LOCAL:
            where = await stack.enter_async_context(_local_cluster(work, workers or os.cpu_count() or 1))
        client: Any = Client(where, asynchronous=True, timeout=CONNECT_S, set_as_default=False)
        try:
            await client
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"--dask {address}: no scheduler answers there ({error}); give the address that dask scheduler prints"
            ) from error
        try:
            yield client
        finally:
            with suppress(OSError, TimeoutError):
                await client.close()


@asynccontextmanager
async def _local_cluster(work: Work, workers: int) -> AsyncIterator[Any]:
    """Worker processes on this machine, with this process's key; what they spill goes into the output folder."""
    import dask
    from distributed import LocalCluster

    key = work.ready.settings.api_key
    scratch = work.output.folder / SCRATCH
    cluster: Any = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=0,
        local_directory=str(scratch),
        silence_logs=logging.CRITICAL,
        env={"FACTCHECK_API_KEY": key.get_secret_value()} if key is not None else {},
        asynchronous=True,
    )
    try:
        with dask.config.set({"temporary-directory": str(scratch)}):  # the scheduler's own
            await cluster
        yield cluster
    finally:
        await cluster.close()
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


@asynccontextmanager
async def _crew(client: Client, session: Session, *, keep_cache: bool) -> AsyncIterator[Crew]:
    """The workers, with what listens to them; their sessions are closed at the end."""
    from distributed import Queue

    from factcheck.batch.worker import asks_of, close_session

    run = uuid.uuid4().hex[:12]
    asks = await Queue(asks_of(run), client=client)
    crew = Crew(client, session, run, keep_cache=keep_cache)
    listening = [asyncio.create_task(crew.listen(asks)), asyncio.create_task(crew.look_after())]
    try:
        await crew.look()
        yield crew
    finally:
        for task in listening:
            task.cancel()
        crew.close()
        with suppress(OSError, TimeoutError, RuntimeError):
            async with asyncio.timeout(CLOSE_S):
                await client.run(close_session, run, on_error="ignore")


class _Spent:
    """What documents took of the model, as their workers said."""

    def __init__(self) -> None:
        self._stages: Counter[tuple[str, str]] = Counter()
        self._cost: float | None = 0.0

    def add(self, outcome: Outcome) -> None:
        for stage, counts in (outcome.stages or {}).items():
            self._stages.update({(stage, name): count for name, count in counts.items()})
        known = self._cost is not None and outcome.cost_usd is not None
        self._cost = round((self._cost or 0.0) + (outcome.cost_usd or 0.0), 6) if known else None

    def usage(self) -> dict[str, StageUsage]:
        stages: dict[str, dict[str, int]] = {}
        for (stage, name), count in self._stages.items():
            stages.setdefault(stage, {})[name] = count
        return {stage: StageUsage(**counts) for stage, counts in stages.items()}

    def cost(self) -> float | None:
        return self._cost


_OPEN: ContextVar[tuple[_Spent, ...]] = ContextVar("accounts open in this task", default=())


class Crew:
    """Workers that answer as one ``run.Checker``; each document goes to the one that has the fewest."""

    def __init__(self, client: Client, session: Session, run: str, *, keep_cache: bool) -> None:
        self._client = client
        self._session = session
        self._run = run
        self._load: Counter[str] = Counter()  # documents, by the address of a worker
        self._addresses: frozenset[str] = frozenset()
        self._empty_since: float | None = None
        self._answers: dict[str, Queue] = {}
        self._stop: ModelUnavailable | None = None
        self._lessor = self._new_lessor() if session.chat is not None else None
        self._job = _job(session, run, keep_cache=keep_cache)

    def _new_lessor(self) -> Lessor:
        from factcheck.llm.chat import BACKOFF_S
        from factcheck.llm.gate import Gate

        settings, chat = self._session.settings, self._session.chat
        assert chat is not None
        purse = Purse(chat.price, max_calls=settings.max_calls, max_cost=settings.max_cost)
        return Lessor(Gate(settings, probe_s=BACKOFF_S), purse, self._send)

    # What a batch asks of a checker

    @property
    def key(self) -> str:
        return self._session.key

    @property
    def unavailable(self) -> ModelUnavailable | None:
        return self._stop or (self._lessor.unavailable if self._lessor is not None else None)

    @property
    def waits(self) -> str:
        if not self._addresses:
            return "no worker is there"
        return self._lessor.waits if self._lessor is not None else ""

    @contextmanager
    def account(self) -> Iterator[Spent]:
        own = _Spent()
        before = _OPEN.set((*_OPEN.get(), own))
        try:
            yield own
        finally:
            _OPEN.reset(before)

    async def check(self, document: Document, *, started: float) -> Report:
        """Raises what the worker ran into: ModelError, StoreError; ModelUnavailable where nothing more can succeed."""
        outcome = await self._outcome(document)
        for spent in _OPEN.get():
            spent.add(outcome)
        if outcome.refused and self._stop is None:
            self._stop = ModelUnavailable(_failure_code(outcome.code), outcome.message)
        if outcome.report is not None:
            return Report.model_validate_json(outcome.report)
        raise _error_of(outcome)

    async def _outcome(self, document: Document) -> Outcome:
        from distributed import KilledWorker

        from factcheck.batch.worker import check_document

        address = await self._least_busy()
        self._load[address] += 1
        future = self._client.submit(
            check_document,
            self._job,
            document.model_dump_json(),
            key=f"factcheck-{self._run}-{uuid.uuid4().hex[:12]}",
            workers=[address],
            allow_other_workers=True,
            pure=False,
        )
        try:
            outcome: Outcome = await future
            return outcome
        except KilledWorker as error:
            raise FactcheckError(
                f"{document.source}: every worker that checked it died; is it too large? ({error})"
            ) from error
        finally:
            self._load[address] -= 1
            future.release()

    # Who is there

    async def _least_busy(self) -> str:
        while not self._addresses:
            if self._empty_since is not None and _now() - self._empty_since > WORKERLESS_S:
                raise ModelUnavailable(
                    "internal", f"the cluster has no worker for {WORKERLESS_S:.0f} s; start dask worker"
                )
            await asyncio.sleep(LOOK_S)
        return min(sorted(self._addresses), key=lambda address: self._load[address])

    async def look(self) -> None:
        """Notes which workers are there; what one that is gone had out is given back."""
        scheduler: Any = self._client.scheduler
        workers = (await scheduler.identity(n_workers=-1))["workers"]
        gone = self._addresses - workers.keys()
        self._addresses = frozenset(workers)
        if self._addresses:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = _now()
        for process in [process for process in self._answers if process.partition("|")[0] in gone]:
            del self._answers[process]
            if self._lessor is not None:
                self._lessor.forget(process)

    async def look_after(self) -> None:
        """Goes on looking, and shows the workers that this run is there."""
        shown = _now()
        while True:
            await asyncio.sleep(LOOK_S)
            with suppress(OSError, TimeoutError):
                await self.look()
            if _now() - shown > ALIVE_S:
                shown = _now()
                for process in list(self._answers):
                    await self._send(process, {})

    async def listen(self, asks: Queue) -> None:
        """Hears what the workers want."""
        while True:
            message: Message = await asks.get()
            if self._lessor is not None:
                await self._know(message["process"])
                self._lessor.hear(message)

    async def _know(self, process: str) -> None:
        from distributed import Queue

        from factcheck.batch.worker import answers_to

        if process not in self._answers:
            self._answers[process] = await Queue(answers_to(process), client=self._client)

    async def _send(self, process: str, message: Message) -> None:
        if process in self._answers:
            await self._answers[process].put(message)

    def close(self) -> None:
        if self._lessor is not None:
            self._lessor.close()


def _job(session: Session, run: str, *, keep_cache: bool) -> Job:
    from factcheck.batch.worker import Job

    left_out = _LEFT_OUT - ({"cache_dir"} if keep_cache else set())
    settings = session.settings.model_dump(mode="json", exclude=left_out)
    return Job(run=run, key=session.key, factcheck=__version__, settings=settings)


def _failure_code(code: str) -> FailureCode:
    return next((known for known in get_args(FailureCode) if known == code), "internal")


def _error_of(outcome: Outcome) -> FactcheckError:
    if outcome.refused:
        return ModelUnavailable(_failure_code(outcome.code), outcome.message)
    if outcome.code in get_args(StoreCode):
        return StoreError(next(known for known in get_args(StoreCode) if known == outcome.code), outcome.message)
    return ModelError(_failure_code(outcome.code), outcome.message)


def _now() -> float:
    return asyncio.get_running_loop().time()
