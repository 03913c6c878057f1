"""What runs on a worker of a dask cluster: a session per process, kept for the run, and the check of one document."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from distributed import Client, Queue, Security, get_worker, secede

from factcheck import __version__
from factcheck.batch.leases import Leases
from factcheck.engine import Prepared, Session, prepare
from factcheck.errors import ConfigError, FactcheckError, ModelError, StoreError
from factcheck.models import Document
from factcheck.settings import Settings

if TYPE_CHECKING:
    from factcheck.llm import LangChainChat
    from factcheck.llm.gate import Gate, Place

IDLE_S = 600.0  # after which a session that nobody uses is closed
CLOSE_S = 10.0
_ANOTHER = (
    "would check in another way than the run that asked (another state of the store, another model or other prompts):"
    " install the same factcheck on both, and let nobody write to the store meanwhile"
)


@dataclass(frozen=True)
class Job:
    """What a worker has to know of a run. ``settings`` hold no key: a worker takes its own from its environment."""

    run: str
    key: str  # the session's, which tells that both sides would make the same report
    factcheck: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of one document on a worker: a report's JSON, or an error; and what it took of the model.

    ``refused``: nothing can be checked on this worker, or by this model. It crosses machines as plain data.
    """

    report: str | None = None
    code: str = ""
    message: str = ""
    refused: bool = False
    stages: dict[str, dict[str, int]] | None = None
    cost_usd: float | None = 0.0


def asks_of(run: str) -> str:
    """The queue in which workers speak to the run."""
    return f"factcheck-{run}-asks"


def answers_to(process: str) -> str:
    """The queue in which the run speaks to one worker's process."""
    return f"factcheck-{process}"


def check_document(job: Job, document: str) -> Outcome:
    """Checks one document, given as JSON, in the session that this process keeps for the run."""
    worker = get_worker()
    try:
        bench = _bench_of(job, worker.scheduler.address, worker.address, worker.security)
    except FactcheckError as error:
        return Outcome(code=_code_of(error), message=f"worker {worker.address}: {error}", refused=True)
    secede()  # a document mostly waits: its thread need not keep others from being checked
    return bench.check(Document.model_validate_json(document))


def close_session(run: str) -> None:
    """Ends the session of a run in this process, where there is one."""
    with _LOCK:
        bench = _BENCHES.pop(run, None)
    if bench is not None:
        bench.close()


_BENCHES: dict[str, _Bench] = {}
_LOCK = threading.Lock()


def _bench_of(job: Job, scheduler: str, worker: str, security: Security) -> _Bench:
    """Opens the session at the first document of a run. Those of runs that ended unheard of are closed by the way."""
    with _LOCK:
        for run in [run for run, bench in _BENCHES.items() if bench.idle_s > IDLE_S]:
            _BENCHES.pop(run).close()
        if job.run not in _BENCHES:
            _BENCHES[job.run] = _Bench(job, scheduler, worker, security)
        return _BENCHES[job.run]


class _Bench:
    """A session in an event loop of its own, in a thread of its own."""

    def __init__(self, job: Job, scheduler: str, worker: str, security: Security) -> None:
        self._job = job
        self._address = scheduler
        self._security = security
        self._process = f"{worker}|{uuid.uuid4().hex[:12]}"
        self._under_way = 0
        self._used = time.monotonic()
        self._opened: Future[Session] = Future()
        self._end = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="factcheck", daemon=True)
        self._thread.start()
        self._session = self._opened.result()

    @property
    def idle_s(self) -> float:
        return 0.0 if self._under_way else time.monotonic() - self._used

    def check(self, document: Document) -> Outcome:
        self._under_way += 1
        try:
            return asyncio.run_coroutine_threadsafe(self._checked(document), self._loop).result()
        finally:
            self._under_way -= 1
            self._used = time.monotonic()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(CLOSE_S)

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._closing = asyncio.Event()
        try:
            self._loop.run_until_complete(self._open_until_closed())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that asked for the session
            if not self._opened.done():
                self._opened.set_exception(error)
        finally:
            self._loop.close()

    async def _open_until_closed(self) -> None:
        async with AsyncExitStack() as stack:
            ready = await asyncio.to_thread(prepare, _settings(self._job))
            stack.push_async_callback(_closed, ready)
            chat = await self._chat(ready, stack) if ready.choice.name == "llm" else None
            session = await stack.enter_async_context(ready.session(chat))
            if session.key != self._job.key:
                raise ConfigError(_ANOTHER)
            self._opened.set_result(session)
            await self._closing.wait()

    async def _chat(self, ready: Prepared, stack: AsyncExitStack) -> LangChainChat:
        """The model, each of whose requests the run lets through."""
        from factcheck.llm.connect import connect

        client = await stack.enter_async_context(
            Client(self._address, asynchronous=True, security=self._security, set_as_default=False)
        )
        asks = await Queue(asks_of(self._job.run), client=client)
        answers = await Queue(answers_to(self._process), client=client)
        leases = Leases(self._process, asks.put)
        hearing = asyncio.create_task(_hear(answers, leases))
        stack.callback(hearing.cancel)
        chat = await connect(ready.settings, gate=_gate(ready.settings, leases))
        leases.spent = chat.cost
        return chat

    async def _checked(self, document: Document) -> Outcome:
        session = self._session
        with session.account() as own:
            try:
                report = await session.check(document)
                told, code, message = report.model_dump_json(), "", ""
            except (ModelError, StoreError) as error:
                told, code, message = None, error.code, str(error)
            usage, cost = own.usage(), own.cost()
        gone = session.unavailable
        return Outcome(
            report=told,
            code=gone.code if gone is not None else code,
            message=str(gone) if gone is not None else message,
            refused=gone is not None,
            stages={name: stage.model_dump() for name, stage in usage.items()},
            cost_usd=cost,
        )


async def _hear(answers: Queue, leases: Leases) -> None:
    while True:
        leases.hear(await answers.get())


def _gate(settings: Settings, leases: Leases) -> Gate:
    """A gate behind which every request also waits for a lease of the run."""
    from factcheck.llm.chat import BACKOFF_S
    from factcheck.llm.gate import Gate

    class LeasedGate(Gate):
        @asynccontextmanager
        async def place(self, tokens: int, question: int) -> AsyncIterator[Place]:
            async with super().place(tokens, question) as place:
                number = await leases.take(tokens, question)
                try:
                    yield place
                finally:
                    await leases.give(number, place)

    return LeasedGate(settings, probe_s=BACKOFF_S)


def _settings(job: Job) -> Settings:
    """Raises ConfigError where this worker reads other settings than the run."""
    if job.factcheck != __version__:
        raise ConfigError(f"runs factcheck {__version__}, the batch {job.factcheck}: install the same on both")
    return Settings(**job.settings)


async def _closed(ready: Prepared) -> None:
    """For a session that never came to be; closing a store twice does no harm."""
    ready.opened.store.close()


def _code_of(error: FactcheckError) -> str:
    return error.code if isinstance(error, ModelError | StoreError) else "config"
