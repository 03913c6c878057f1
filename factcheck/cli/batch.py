"""``factcheck batch``: every document of a folder against references."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from factcheck.cli import options
from factcheck.cli.door import COULD_NOT_RUN, FAILED_ON, INTERRUPTED, LEFT_FAILURES, TERMINATED, Terminated, door, say
from factcheck.cli.options import FailOn, day, require_one_store
from factcheck.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from factcheck.batch.run import Asked, Result, Way
    from factcheck.settings import Settings

T = TypeVar("T")

LISTED = 3  # names in a message
GRACE_S = 4.0  # between a signal and the end of the process, whatever is still under way in a thread


@door
def batch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Its documents, those of its folders too.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the reports; the same again resumes.")],
    references: options.References = None,
    store: options.Store = None,
    engine: options.Engine = None,
    model: options.Model = None,
    base_url: options.BaseUrl = None,
    as_of: options.AsOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate calls, tokens and cost; ask no model, write no report.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Check again what is done already.")] = False,
    files: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Only the documents in this list, by lines or NUL; - reads stdin."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="GIT_REF", help="Only documents new or changed since this commit.")
    ] = None,
    fail_on: options.Failing = FailOn.contradicted,
    max_calls: options.MaxCalls = None,
    max_cost: options.MaxCost = None,
    documents: Annotated[int | None, typer.Option(min=1, help="Documents under way at once.")] = None,
    concurrency: options.Concurrency = None,
    requests_per_minute: Annotated[int | None, typer.Option(help="Model calls in a minute at most.")] = None,
    tokens_per_minute: Annotated[int | None, typer.Option(help="Tokens in a minute at most.")] = None,
    passages: options.Passages = None,
    embedder: options.Embedder = None,
    second_opinion: options.SecondOpinion = None,
    withhold: options.Withhold = None,
    cache: options.Cache = None,
    openai_batch: Annotated[
        bool,
        typer.Option(
            "--openai-batch",
            help="Ask by OpenAI batch jobs: half the price, answers within a day. The same command takes them up.",
        ),
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --openai-batch: stay until all jobs are answered.")
    ] = False,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Check on the workers of the dask scheduler there (tcp://host:8786), or start some here: local.",
        ),
    ] = None,
) -> int:
    """Check a folder: a report per document, resumable, within a budget."""
    from factcheck.batch.run import Asked
    from factcheck.settings import load

    settings = load(
        engine=engine.value if engine else None,
        model=model,
        base_url=base_url,
        store=store,
        as_of=day(as_of),
        passages=passages,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        max_calls=max_calls,
        max_cost=max_cost,
        embedder=embedder,
        second_opinion=second_opinion,
        withhold=withhold,
        cache=cache,
    )
    require_one_store(references, store)
    if files is not None and since is not None:
        raise ConfigError("give --files or --since, not both")
    asked = Asked(
        folder=folder,
        out=out,
        references=references,
        files=_listed(files, folder) if files is not None else None,
        since=since,
        force=force,
        at_once=documents,
    )
    if wait and not openai_batch:
        raise ConfigError("--wait belongs to --openai-batch")
    if dask is not None and openai_batch:
        raise ConfigError("give --dask or --openai-batch, not both")
    if dask is not None:
        from factcheck.batch.cluster import require_shared

        require_shared(asked, settings)
    if dry_run:
        return _estimate(asked, settings, by_jobs=openai_batch)
    if dask is not None:
        return _by_workers(asked, settings, fail_on, dask)
    return _by_jobs(asked, settings, fail_on, wait=wait) if openai_batch else _run(asked, settings, fail_on)


def _by_jobs(asked: Asked, settings: Settings, fail_on: FailOn, *, wait: bool) -> int:
    from factcheck.batch.provider import Left, by_jobs

    left = Left()
    code = _run(asked, settings, fail_on, way=by_jobs(wait=wait, left=left))
    if not left:
        return code
    say(
        f"factcheck: submitted: {left.requests} requests are being answered by batch jobs ({left.jobs} under way);"
        " run the same command again to take up the answers, or with --wait"
    )
    return LEFT_FAILURES


def _by_workers(asked: Asked, settings: Settings, fail_on: FailOn, address: str) -> int:
    from factcheck.batch.cluster import by_workers

    return _run(asked, settings, fail_on, way=by_workers(address))


def _run(asked: Asked, settings: Settings, fail_on: FailOn, *, way: Way | None = None) -> int:
    from factcheck.batch.run import run
    from factcheck.cli.batch_progress import Shown, print_result

    with Shown() as shown:
        result = run(asked, settings, watch=shown, say=shown.say, drive=interruptible, way=way)
    print_result(result, asked.out)
    return exit_code(result, fail_on)


def exit_code(result: Result, fail_on: FailOn) -> int:
    """2 where the run could not go on, 3 before 1: a check that is not complete must not read as one that is."""
    sums = result.sums
    if result.stopped is not None:
        say(f"factcheck: stopped: {result.stopped}")
        spent = isinstance(result.stopped, ModelError) and result.stopped.code == "budget_exhausted"
        return LEFT_FAILURES if spent else COULD_NOT_RUN
    if sums.documents.get("partial") or sums.documents.get("error"):
        return LEFT_FAILURES
    bad = sums.contradicted + (sums.unverifiable if fail_on is FailOn.unverifiable else 0)
    return FAILED_ON if bad and fail_on is not FailOn.never else 0


def _estimate(asked: Asked, settings: Settings, *, by_jobs: bool) -> int:
    from factcheck.batch.estimate import estimate

    for line in estimate(asked, settings, by_jobs=by_jobs, say=say).lines():
        typer.echo(line)
    return 0


def _listed(name: str, folder: Path) -> list[Path]:
    from factcheck.batch.plan import listed_paths, parted

    try:
        listed = listed_paths(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror or error}; --files takes a file that lists documents") from error
    here, elsewhere = parted(folder, listed)
    if elsewhere:
        names = ", ".join(map(str, elsewhere[:LISTED]))
        more = f" and {len(elsewhere) - LISTED} more" if len(elsewhere) > LISTED else ""
        say(f"factcheck: listed, and not in {folder}, so left out: {names}{more}")
    return here


def interruptible(work: Coroutine[object, object, T]) -> T:
    """Runs to the end; on Ctrl-C or SIGTERM what is finished is written down first. A second one ends at once."""
    from factcheck.engine import run_to_end

    return run_to_end(_until_signalled(work))


async def _until_signalled(work: Coroutine[object, object, T]) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    signals: list[int] = []

    def signalled(number: int) -> None:
        code = INTERRUPTED if number == signal.SIGINT else TERMINATED
        if signals:
            os._exit(code)
        signals.append(number)
        say("factcheck: ending; what is finished is kept, the same command goes on from there")
        last = threading.Timer(GRACE_S, os._exit, (code,))
        last.daemon = True
        last.start()
        task.cancel()

    before = signal.getsignal(signal.SIGTERM)
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, signalled, number)
    except (NotImplementedError, RuntimeError, ValueError):  # not this system's way, or not the main thread
        return await task
    try:
        return await task
    except asyncio.CancelledError:
        if not signals:
            raise
        raise (KeyboardInterrupt if signals[0] == signal.SIGINT else Terminated) from None
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)
