"""``python -m eval``: measure the product, compare two measurements, show them, make cases of one's own."""

from __future__ import annotations

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from eval.check import check_command
from eval.datasets.choosing import PartChoice
from eval.make_contrast.cli import make_contrast_command
from eval.page.cli import compare_command, report_command
from factcheck.cli.door import LEFT_FAILURES, door, say
from factcheck.cli.options import EngineChoice
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from eval.datasets.choosing import Wanted
    from eval.engines import Known
    from eval.exchanges import About, Exchanges
    from eval.records import TaskName
    from factcheck.settings import Settings

HELP = """Measure factcheck, and see whether it got worse.

Exit codes: 0 done, or no regression; 1 a regression (compare); 2 could not run;
3 done, but with failures listed, or no comparison possible; 130 interrupted; 143 terminated.
"""
NOWHERE = "http://127.0.0.1:9/v1"  # a replay sends nothing


class TaskChoice(StrEnum):
    SPLIT = "split"
    RETRIEVE = "retrieve"
    VERDICT = "verdict"
    END_TO_END = "end-to-end"
    CITATIONS = "citations"
    ATTACK = "attack"
    CONTRAST = "contrast"
    ALL = "all"


@door
def run(
    task: Annotated[
        TaskChoice,
        typer.Argument(metavar="TASK", help=f"One of {', '.join(TaskChoice)}; what tasks share, all does once."),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Folder of public sets, or of one of them; or a file of samples. Default: the own set.",
        ),
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Only this set of the folder; may be repeated.")
    ] = None,
    part: Annotated[
        PartChoice, typer.Option(help="Part of the public sets; figures are read off test alone.")
    ] = PartChoice.TEST,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N samples of each set, whole documents together.")
    ] = None,
    engine: Annotated[
        EngineChoice | None, typer.Option(help="auto: the LLM where one is configured, else local.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="provider:name, as LangChain's init_chat_model reads it.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of an OpenAI-compatible server.")] = None,
    runs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Ask N times and take the majority: for models that vary.")
    ] = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the result: .json, or .json.gz; of all tasks, to this folder."
        ),
    ] = None,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep every exchange with the model.")] = None,
    answered_by: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --record: who answers, a model's name or who by hand.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Answer from kept exchanges, without network.")
    ] = None,
    passages: Annotated[int | None, typer.Option(help="Passages shown to the judge for one claim.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Model calls under way at once.")] = None,
    max_calls: Annotated[int | None, typer.Option(help="Stop after this many model calls.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Stop before spending more than this, in US dollars.")] = None,
    withhold: Annotated[
        bool | None, typer.Option(help="Local engine: no label that is less sure than measured to be right.")
    ] = None,
    of_two: Annotated[
        bool,
        typer.Option(
            "--of-two", help="Local engine: supported or contradicted, whichever is likelier, for sets without a third."
        ),
    ] = False,
    embedder: Annotated[str | None, typer.Option(help="minilm (embedded), or openai:NAME.")] = None,
    texts: Annotated[
        bool, typer.Option(help="Keep the words of others' data in the result; without, digests that can be paired.")
    ] = True,
    cache: Annotated[
        bool | None, typer.Option(help="Keep validated replies, and answer the same request from them.")
    ] = None,
) -> int:
    """Measure one task: false-supported first, each number with its interval and the trivial baselines beside it."""
    given = {
        "engine": engine.value if engine else None,
        "model": model,
        "base_url": base_url,
        "passages": passages,
        "concurrency": concurrency,
        "max_calls": max_calls,
        "max_cost": max_cost,
        "embedder": embedder,
        "withhold": withhold,
        "cache": cache,
    }
    _require_writable(record)
    if task is TaskChoice.ALL:
        _require_folder(out)
    else:
        _require_writable(out)
    if task is TaskChoice.ALL and (record is not None or replay is not None):
        raise ConfigError("exchanges are recorded and replayed one task at a time: name the task")
    settings, exchanges = _engine_asked(given, record, answered_by, replay)
    from eval.datasets.choosing import Wanted
    from factcheck.engine import choose

    wanted = Wanted(path=data, sets=tuple(sets or ()), part=part.value, limit=limit)
    say(f"factcheck: {choose(settings).line}")
    if task is not TaskChoice.ALL:
        return _measured(
            task,
            wanted,
            settings,
            command_line(settings),
            out,
            runs=runs,
            texts=texts,
            of_two=of_two,
            exchanges=exchanges,
        )
    known: Known = {}
    codes = []
    for each in (choice for choice in TaskChoice if choice is not TaskChoice.ALL):
        file = out / f"{each.value}.json" if out is not None else None
        command = command_line(settings).replace(" run all", f" run {each.value}", 1)
        codes.append(
            _measured(each, wanted, settings, command, file, runs=runs, texts=texts, of_two=of_two, known=known)
        )
    return max(codes)


def _measured(
    task: TaskChoice,
    wanted: Wanted,
    settings: Settings,
    command: str,
    out: Path | None,
    *,
    runs: int,
    texts: bool,
    of_two: bool,
    exchanges: Exchanges | None = None,
    known: Known | None = None,
) -> int:
    from eval.datasets.public import left_out
    from eval.engines import choosing_of_two
    from eval.printing import console, print_header, print_result
    from eval.results import without_text, write
    from eval.run import Asked, evaluate, unchanged
    from eval.tasks import task_named
    from factcheck.cli.progress import Shown

    chosen = task_named(cast("TaskName", task.value))
    datasets = chosen.load(wanted)
    terminal = console()
    print_header(task.value, datasets, left_out(wanted), terminal)
    asked = Asked(
        chosen,
        datasets,
        settings,
        command,
        runs=runs,
        limit=wanted.limit,
        exchanges=exchanges,
        known=known,
        change=choosing_of_two if of_two else unchanged,
    )
    with Shown() as progress:
        result = evaluate(asked, progress)
    print_result(result, terminal)
    if out is not None:
        write(out, result if texts else without_text(result))
    return LEFT_FAILURES if any(sample.failure is not None for sample in result.samples) else 0


def command_line(settings: Settings) -> str:
    """The command as it was given, but for what an address may hold besides the place."""
    from factcheck.engine import shown

    address = shown(settings)["base_url"]
    words = [word.replace(settings.base_url, str(address)) if settings.base_url else word for word in sys.argv[1:]]
    return shlex.join(["python", "-m", "eval", *words])


def _require_writable(*files: Path | None) -> None:
    """Before anything is spent: there is a place for what was asked to be written."""
    for file in files:
        if file is None:
            continue
        if file.is_dir():
            raise ConfigError(f"{file}: a folder; give a file to write to")
        if not file.parent.is_dir():
            raise ConfigError(f"{file}: the folder to write to does not exist")


def _require_folder(folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"{folder}: not a folder; all tasks are written to a folder, each to a file of its own")


def _engine_asked(
    given: dict[str, Any], record: Path | None, answered_by: str | None, replay: Path | None
) -> tuple[Settings, Exchanges | None]:
    """The settings in force, and what watches the exchanges; a replay takes the settings it was recorded with."""
    from factcheck.settings import load

    if record is not None and replay is not None:
        raise ConfigError("give --record or --replay, not both")
    if answered_by is not None and record is None:
        raise ConfigError("--answered-by says who answers what --record keeps: give both")
    if record is None and replay is None:
        return load(**given), None
    from eval.exchanges import Recorder, Replay

    if replay is not None:
        replayed = Replay(replay)
        return _as_recorded(given, replayed.about), replayed
    settings = load(**given)
    key = settings.api_key.get_secret_value() if settings.api_key is not None else ""
    return settings, Recorder(Path(str(record)), answered_by=answered_by or "", secrets=(key,))


_SHAPING = ("passages", "window", "max_tokens", "embedder", "retries", "as_of")  # what a request depends on


def _as_recorded(given: dict[str, Any], about: About) -> Settings:
    """The settings of the recording, but for what the user gives; no key is needed, for nothing is sent."""
    from factcheck.settings import load

    kept = {name: value for name, value in about.settings.items() if name in _SHAPING}
    chosen = {name: value for name, value in given.items() if value is not None}
    address = NOWHERE if about.settings.get("base_url") else None
    model = {"engine": "llm", "model": f"openai:{about.model}", "base_url": address, "api_key": "none-is-needed"}
    return load(**{**kept, **chosen, **model})


app = typer.Typer(name="eval", help=HELP, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


@app.callback()
def _options() -> None:
    pass


app.command(help=run.__doc__)(run)
app.command("check", help=check_command.__doc__)(check_command)
app.command("compare", help=compare_command.__doc__)(compare_command)
app.command("report", help=report_command.__doc__)(report_command)
app.command("make-contrast", help=make_contrast_command.__doc__)(make_contrast_command)
