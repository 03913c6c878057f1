"""Puts the parts together: the one place that knows concrete classes, and the library's front door."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

from factcheck import __version__, prompts
from factcheck.errors import ConfigError, ModelUnavailable, StoreError
from factcheck.models import (
    Document,
    EngineName,
    Notice,
    Provenance,
    Report,
    Sentence,
    StageUsage,
    StoreFingerprint,
    Usage,
    account,
)
from factcheck.pipeline import Checked, Pipeline, Progress
from factcheck.sentences import sentences_of
from factcheck.settings import EFFORT, Settings, load

if TYPE_CHECKING:
    from factcheck.documents.dating import WrittenOn
    from factcheck.llm import LangChainChat
    from factcheck.protocols import Embedder, Judge, SecondOpinion, Splitter
    from factcheck.retrieve.store import IndexProgress, IndexReport, Store

T = TypeVar("T")
Say = Callable[[str], None]

DEFAULT_STORE = Path(".factcheck") / "store"


def _silent(stage: str, done: int, total: int | None) -> None:
    pass


def _quiet(line: str) -> None:
    pass


def check(source: str | Path | Document, *, references: str | Path | None = None, **settings: Any) -> Report:
    """Checks one document and returns the report; ``settings`` are the fields of ``factcheck.settings.Settings``.

    ``references`` is a folder; without it the store in ``settings`` is used. Also works inside a running event loop.
    Raises FactcheckError when it cannot run; trouble with single claims is recorded in the report.

    >>> report = check("article.md", references="references/", engine="local")
    """
    return check_source(source, references=references, settings=load(**settings))


async def acheck(source: str | Path | Document, *, references: str | Path | None = None, **settings: Any) -> Report:
    """As ``check``, for callers that are async themselves."""
    loaded = load(**settings)
    started = time.monotonic()
    document = source if isinstance(source, Document) else await asyncio.to_thread(_read, source)
    async with session(loaded, references=references) as opened:
        return await opened.check(document, started=started)


def check_source(
    source: str | Path | Document,
    *,
    references: str | Path | None,
    settings: Settings,
    progress: Progress = _silent,
    say: Say = _quiet,
) -> Report:
    """``check`` with settings already loaded, telling ``progress`` and ``say`` what it does."""
    started = time.monotonic()
    document = source if isinstance(source, Document) else _read(source)
    ready = prepare(settings, references=references, progress=progress, say=say)

    async def checked() -> Report:
        async with ready.session() as opened:
            return await opened.check(document, progress=progress, started=started)

    return run_to_end(checked())


def index_references(
    references: Sequence[Path],
    *,
    settings: Settings,
    prune: bool = False,
    progress: Progress = _silent,
    say: Say = _quiet,
) -> IndexReport:
    """Puts folders or files into the store of ``settings``; the result names the unreadable. Raises StoreError."""
    from factcheck.retrieve.embed import embedder_named
    from factcheck.retrieve.store import Store

    location = settings.store or DEFAULT_STORE
    embedder = embedder_named(settings.embedder, settings)
    with Store.open(location, embedder, write=True, cache_dir=settings.cache_dir) as store:
        try:
            result = store.index(references, prune=prune, progress=_indexing(progress))
        finally:
            _tell(store, say)
        _tell_ignored(references, say)
        return result


def _indexing(progress: Progress) -> Callable[[IndexProgress], None]:
    return lambda at: progress(at.stage, at.done, at.total)


def _read(source: str | Path) -> Document:
    from factcheck.documents import read_document

    return read_document(source)


@dataclass(frozen=True)
class Choice:
    """The engine in use, and why."""

    name: EngineName
    reason: str

    @property
    def line(self) -> str:
        return f"engine: {self.name} ({self.reason})"


def choose(settings: Settings) -> Choice:
    """``auto`` means the LLM when a model, a key or an address is configured, else the embedded local engine."""
    if settings.engine != "auto":
        return Choice(settings.engine, f"asked for: --engine {settings.engine}")
    found = {
        "a model is configured": settings.model,
        "an address of a model server is configured": settings.base_url,
        "an API key is configured": settings.api_key,
    }
    for reason, value in found.items():
        if value is not None:
            return Choice("llm", reason)
    return Choice("local", "no model configured: set OPENAI_API_KEY, OPENAI_BASE_URL or --model to use an LLM")


async def chat_of(choice: Choice, settings: Settings) -> LangChainChat | None:
    """The model of the engine chosen, None for the local one; it belongs to this event loop: end with ``aclose``.

    Raises ConfigError, and ModelUnavailable where a server must be asked for its models and does not answer.
    """
    if choice.name == "local":
        return None
    from factcheck.llm import connect

    return await connect(settings)


def splitter_of(
    chat: LangChainChat | None, settings: Settings, *, as_of: date | None, languages: Sequence[str]
) -> Splitter:
    """The splitter of an engine: the model's, or without one the local; ``languages`` are those of the references."""
    if chat is None:
        from factcheck.split.local import LocalSplitter

        return LocalSplitter(as_of=as_of)
    from factcheck.split.llm import LLMSplitter

    return LLMSplitter(
        chat,
        as_of=as_of,
        languages=tuple(languages),
        window=settings.window,
        in_flight=2 * settings.concurrency,
    )


def judge_of(chat: LangChainChat | None, settings: Settings) -> Judge:
    """The judge of an engine: the model's, or without one the local."""
    if chat is None:
        from factcheck.verdict.local import LocalJudge

        return LocalJudge(withhold=settings.withhold)
    from factcheck.verdict.llm import LLMJudge

    return LLMJudge(chat)


def second_opinion_of(chat: LangChainChat | None, settings: Settings) -> SecondOpinion | None:
    """Where it is asked for: the embedded model beside the LLM. The local engine has no second one to ask."""
    if chat is None or not settings.second_opinion:
        return None
    from factcheck.verdict.second import LocalSecondOpinion

    return LocalSecondOpinion()


def parameters_of(chat: LangChainChat | None, settings: Settings) -> dict[str, Any]:
    """What, beside settings and prompts, decides the answers: the LLM's parameters, the embedded models' sha256."""
    from factcheck.local.loading import digests

    parameters = chat.parameters if chat else {}
    return {**parameters, "weights": digests()} if chat is None or settings.second_opinion else parameters


@dataclass(frozen=True)
class Opened:
    """A store ready to search, and what its reader should know."""

    store: Store
    embedder: Embedder
    warnings: tuple[Notice, ...] = ()


def _open_store(references: str | Path | None, settings: Settings, progress: Progress, say: Say) -> Opened:
    from factcheck.retrieve.embed import embedder_named
    from factcheck.retrieve.store import Store, cached_store_location

    embedder = embedder_named(settings.embedder, settings)
    if references is None:
        store = Store.open(_store_in_use(settings), embedder, cache_dir=settings.cache_dir)
        _tell(store, say)
        return Opened(store, embedder)
    folder = Path(references)
    if not folder.exists():
        raise ConfigError(f"{folder}: no such folder of references")
    location = cached_store_location(folder, embedder, settings.cache_dir)
    store = _opened_cache(location, embedder, say)
    try:
        failed = store.index([folder], prune=True, progress=_indexing(progress)).failed
        _tell_ignored([folder], say)
        for _, error in failed:
            say(f"factcheck: reference not indexed: {error}")
        _tell(store, say)
        if not store.count():
            raise StoreError("store_empty", f"{folder}: holds no reference that can be read (txt, md, html, pdf, …)")
        unread = tuple(Notice(code="reference_unreadable", message=str(error)) for _, error in failed)
        return Opened(store, embedder, unread)
    except BaseException:
        store.close()
        raise


def _tell_ignored(references: Sequence[Path], say: Say) -> None:
    from factcheck.documents import SUFFIXES, list_ignored

    ignored = [path.name for folder in references for path in list_ignored(folder)]
    if ignored:
        known = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
        more = f" and {len(ignored) - 3} more" if len(ignored) > 3 else ""
        say(f"factcheck: left out for their format: {', '.join(ignored[:3])}{more} (read are {known})")


def _opened_cache(location: Path, embedder: Embedder, say: Say) -> Store:
    """The cached store of a references folder; nothing in it is anybody's only copy, so a damaged one is made anew."""
    from factcheck.retrieve.store import Store

    try:
        return Store.open(location, embedder, write=True)
    except StoreError as error:
        if error.code != "store_damaged":
            raise
    say("factcheck: the cached store of these references is damaged and is made anew")
    shutil.rmtree(location)
    return Store.open(location, embedder, write=True)


def _tell(store: Store, say: Say) -> None:
    """What the store had to repair: for the user at the screen, no part of a report, which is made again without it."""
    for note in store.notes:
        say(f"factcheck: {note}")


def digest_in_use(settings: Settings, references: str | Path | None) -> str | None:
    """Of the store a run would use; nothing is indexed for this. None where the references would first have to be.

    Raises StoreError and ConfigError as the run itself would.
    """
    from factcheck.documents import list_documents
    from factcheck.retrieve.embed import embedder_named
    from factcheck.retrieve.store import Store, cached_store_location

    embedder = embedder_named(settings.embedder, settings)
    if references is None:
        with Store.open(_store_in_use(settings), embedder, cache_dir=settings.cache_dir) as store:
            return store.fingerprint().digest
    folder = Path(references)
    if not folder.exists():
        raise ConfigError(f"{folder}: no such folder of references")
    try:
        with Store.open(cached_store_location(folder, embedder, settings.cache_dir), embedder) as store:
            indexed = store.fingerprint()
    except StoreError:
        return None
    present = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in list_documents(folder) if path.is_file())
    return indexed.digest if sorted(indexed.files.values()) == present else None


def _store_in_use(settings: Settings) -> str:
    if settings.store is not None:
        return settings.store
    if DEFAULT_STORE.is_dir():
        return str(DEFAULT_STORE)
    raise ConfigError("no references: give --references FOLDER, or run factcheck index FOLDER first")


@dataclass(frozen=True)
class Prepared:
    """An open store and an engine chosen, before there is an event loop; goes on as a ``session``."""

    settings: Settings
    choice: Choice
    opened: Opened
    say: Say = _quiet

    @asynccontextmanager
    async def session(self, chat: LangChainChat | None = None) -> AsyncIterator[Session]:
        """Opens the model, or takes over ``chat``; closes it and the store at the end.

        Raises ConfigError and ModelUnavailable.
        """
        with closing(self.opened.store):
            chat = chat or await chat_of(self.choice, self.settings)
            own = Session(self, chat)
            try:
                yield own
            finally:
                own.threads.shutdown(wait=False, cancel_futures=True)
                if chat is not None:
                    await chat.aclose()
                    for note in chat.notes:
                        self.say(f"factcheck: {note}")


def prepare(
    settings: Settings, *, references: str | Path | None = None, progress: Progress = _silent, say: Say = _quiet
) -> Prepared:
    """Chooses the engine and opens the store, indexing ``references`` where given.

    Outside of an event loop Ctrl-C ends this at once. Raises FactcheckError.
    """
    choice = choose(settings)
    say(f"factcheck: {choice.line}")
    return Prepared(settings, choice, _open_store(references, settings, progress, say), say)


@asynccontextmanager
async def session(
    settings: Settings, *, references: str | Path | None = None, progress: Progress = _silent, say: Say = _quiet
) -> AsyncIterator[Session]:
    """A store and a model opened once, for many documents.

    >>> async with session(load(engine="local"), references="references/") as opened:
    ...     reports = [await opened.check(read_document(path)) for path in paths]
    """
    ready = await asyncio.to_thread(prepare, settings, references=references, progress=progress, say=say)
    async with ready.session() as opened:
        yield opened


class Spent(Protocol):
    """What some of the work took of the model."""

    def usage(self) -> dict[str, StageUsage]: ...
    def cost(self) -> float | None: ...


class _NothingAsked:
    """The account of work that no model is asked about."""

    def usage(self) -> dict[str, StageUsage]:
        return {}

    def cost(self) -> float | None:
        return 0.0


class Session:
    """Checks any number of documents, one after the other or side by side, with one store and one model.

    It belongs to one event loop; ``session`` makes it and closes it.
    """

    def __init__(self, prepared: Prepared, chat: LangChainChat | None) -> None:
        from factcheck.retrieve.patience import Patience
        from factcheck.retrieve.search import search_threads

        self.settings = prepared.settings
        self.choice = prepared.choice
        self.opened = prepared.opened
        self.chat = chat
        self.threads = search_threads(prepared.opened.embedder, remote=self.store.is_remote)
        self.patience = Patience(self.settings.patience_s)
        self.room = asyncio.Semaphore(4 * self.settings.concurrency)  # for claims of all documents

    @property
    def store(self) -> Store:
        return self.opened.store

    @property
    def unavailable(self) -> ModelUnavailable | None:
        """Why the model will answer nothing more, once that has come out."""
        return self.chat.unavailable if self.chat is not None else None

    @property
    def waits(self) -> str:
        """What all calls to the model wait for just now; empty where they go through."""
        return self.chat.waits if self.chat is not None else ""

    @cached_property
    def fingerprint(self) -> StoreFingerprint:
        """Of the store, whose state does not change while it is open."""
        return self.store.fingerprint()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Of the references, most passages first."""
        return tuple(self.store.languages())

    @cached_property
    def key(self) -> str:
        """What decides the verdicts besides the document: the ``key_of`` of every report of this session."""
        return key_for(self.choice, self.settings, self.chat, self.fingerprint.digest)

    @property
    def parameters(self) -> dict[str, Any]:
        return parameters_of(self.chat, self.settings)

    @cached_property
    def prompts(self) -> dict[str, str]:
        return prompts.digests() if self.chat else {}

    @contextmanager
    def account(self) -> Iterator[Spent]:
        """What the work inside causes, apart from all else that is under way."""
        if self.chat is None:
            yield _NothingAsked()
            return
        with self.chat.account() as own:
            yield own

    async def check(self, document: Document, *, progress: Progress = _silent, started: float | None = None) -> Report:
        """The report on one document, whose usage is this document's own.

        ``seconds`` count from ``started`` (of ``time.monotonic``), by default from now. Raises ModelUnavailable when
        the model never answered; any other trouble is recorded in the report.
        """
        from factcheck.documents.dating import written_on
        from factcheck.retrieve.search import Searcher
        from factcheck.verdict.signals import compare

        started = time.monotonic() if started is None else started
        chat = self.chat
        written = await asyncio.to_thread(written_on, document, self.settings.as_of)
        sentences = await asyncio.to_thread(sentences_of, document)
        with self.account() as own:
            pipeline = Pipeline(
                splitter=splitter_of(chat, self.settings, as_of=written.day, languages=self.languages),
                retriever=Searcher(
                    self.opened.store,
                    self.opened.embedder,
                    passages=self.settings.passages,
                    threads=self.threads,
                    patience=self.patience,
                ),
                judge=judge_of(chat, self.settings),
                second_opinion=second_opinion_of(chat, self.settings),
                signals=compare,
                in_flight=4 * self.settings.concurrency,
                room=self.room,
                progress=progress,
            )
            checked = await pipeline.check(document, sentences)
            usage = Usage(stages=own.usage(), seconds=round(time.monotonic() - started, 3), cost_usd=own.cost())
        return await asyncio.to_thread(self._report, document, written, sentences, checked, usage)

    def _report(
        self,
        document: Document,
        written: WrittenOn,
        sentences: tuple[Sentence, ...],
        checked: Checked,
        usage: Usage,
    ) -> Report:
        return Report(
            document=document,
            sentences=sentences,
            outcomes=checked.outcomes,
            exclusions=checked.exclusions,
            failures=checked.failures,
            warnings=(*document.warnings, *written.warnings, *self.opened.warnings, *checked.warnings),
            totals=account(sentences, checked.outcomes, checked.exclusions, checked.failures),
            usage=usage,
            provenance=self._provenance(document, written),
        )

    def _provenance(self, document: Document, written: WrittenOn) -> Provenance:
        return Provenance(
            factcheck=__version__,
            engine=self.choice.name,
            engine_reason=self.choice.reason,
            model=self.chat.model if self.chat else None,
            parameters=self.parameters,
            prompts=self.prompts,
            store=self.fingerprint,
            settings=shown(self.settings),
            as_of=written.day,
            as_of_source=written.source,
            document_sha256=hashlib.sha256(document.text.encode()).hexdigest(),
            created=datetime.now(UTC),
        )


_NAMED = frozenset({"engine", "model"})  # the engine in use counts, not how it was named; likewise the model
_SHOWN_BY_SERVER = frozenset({"temperature", "reported_models", "forms"})


def key_for(choice: Choice, settings: Settings, chat: LangChainChat | None, store: str) -> str:
    """The ``key_of`` that reports will have; ``store`` is the digest of its fingerprint."""
    return _key(
        engine=choice.name,
        model=chat.model if chat else None,
        parameters=parameters_of(chat, settings),
        prompts=prompts.digests() if chat else {},
        store=store,
        settings=shown(settings),
    )


def key_of(provenance: Provenance) -> str:
    """What decided a report's verdicts besides its document, as one sha256: equal keys, nothing to do again."""
    return _key(
        engine=provenance.engine,
        model=provenance.model,
        parameters=provenance.parameters,
        prompts=provenance.prompts,
        store=provenance.store.digest,
        settings=provenance.settings,
        factcheck=provenance.factcheck,
    )


def _key(
    *,
    engine: EngineName,
    model: str | None,
    parameters: Mapping[str, Any],
    prompts: Mapping[str, str],
    store: str,
    settings: Mapping[str, Any],
    factcheck: str = __version__,
) -> str:
    decides = {
        "factcheck": factcheck,
        "engine": engine,
        "model": model,
        "parameters": {name: value for name, value in parameters.items() if name not in _SHOWN_BY_SERVER},
        "prompts": dict(prompts),
        "store": store,
        "settings": {name: value for name, value in settings.items() if name not in EFFORT | _NAMED},
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()


def shown(settings: Settings) -> dict[str, Any]:
    """The settings that shape a report, without keys, credentials or paths of this machine."""
    plain = settings.model_dump(mode="json", exclude={"api_key", "cache_dir", "base_url", "store"})
    address = urlsplit(settings.base_url or "")
    port = f":{address.port}" if address.port else ""
    return {**plain, "base_url": f"{address.scheme}://{address.hostname}{port}" if address.hostname else None}


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Runs to the end, also where the caller's thread already has an event loop (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    result: list[T] = []
    error: list[BaseException] = []

    def other() -> None:
        try:
            result.append(asyncio.run(work))
        except BaseException as raised:  # noqa: BLE001 - handed to the caller's thread
            error.append(raised)

    thread = threading.Thread(target=other, name="factcheck")
    thread.start()
    thread.join()
    if error:
        raise error[0]
    return result[0]
