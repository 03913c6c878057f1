"""``python -m eval check``: measures again whatever a baseline was made of, by its own command, and compares."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factcheck.cli.door import LEFT_FAILURES, door, say
from factcheck.errors import ConfigError

if TYPE_CHECKING:
    from eval.comparison import Comparison
    from eval.records import Result

BASELINES = Path(__file__).resolve().parent / "baselines"
ROOT = Path(__file__).resolve().parents[1]  # where the commands of the baselines are run
REGRESSION = 1
_PATHS = ("--data", "--replay")  # options of ``run`` that name what must be there


@dataclass(frozen=True)
class Baseline:
    """A result that is good enough, and the arguments of the command that made it, but for where it was written."""

    path: Path
    result: Result
    arguments: tuple[str, ...]

    def lacks(self) -> str | None:
        """The first file or folder of the command that is not on this machine."""
        named = zip(self.arguments, self.arguments[1:], strict=False)
        return next((value for option, value in named if option in _PATHS and not (ROOT / value).exists()), None)


@door
def check_command(
    only: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Baselines whose file name starts so; default: all.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Make what was measured the new baseline, better or worse.")
    ] = False,
) -> int:
    """Measure every baseline again, by the command that made it, and say what got worse.

    Baselines of data that is not on this machine are skipped, by name. Exit codes: 0 no regression; 1 regression;
    2 could not run; 3 incomplete: samples are missing or failed.
    """
    codes: list[int] = []
    for baseline in baselines(tuple(only or ())):
        if (missing := baseline.lacks()) is not None:
            say(f"factcheck: skipped {baseline.path.name}: {missing} is not there")
            continue
        comparison = _measured(baseline, update=update)
        _show(baseline, comparison)
        codes.append(comparison.exit_code)
    if not codes:
        raise ConfigError(f"{BASELINES}: no baseline could be measured")
    say(f"factcheck: {len(codes)} baselines measured: {_summary(codes)}")
    return REGRESSION if REGRESSION in codes else max(codes)


def baselines(only: tuple[str, ...] = (), folder: Path = BASELINES) -> Iterator[Baseline]:
    """The baselines by name. Raises ConfigError for a file that is none, or a name that no file has."""
    from eval.results import read

    paths = sorted(path for path in folder.glob("*.json.gz") if not only or path.name.startswith(only))
    if not paths:
        raise ConfigError(f"{folder}: no baseline {' or '.join(only) or 'there'}")
    for path in paths:
        result = read(path)
        yield Baseline(path, result, _arguments(result.provenance.command, path))


def _arguments(command: str, path: Path) -> tuple[str, ...]:
    words = shlex.split(command)
    if words[:4] != ["python", "-m", "eval", "run"]:
        raise ConfigError(f"{path}: made by {command!r}, which is no command of python -m eval run")
    kept: list[str] = []
    rest = iter(words[4:])
    for word in rest:
        if word in ("--out", "-o"):
            next(rest, None)
        elif not word.startswith("--out="):
            kept.append(word)
    return tuple(kept)


def _measured(baseline: Baseline, *, update: bool) -> Comparison:
    """What the command gives today, beside the baseline. Raises ConfigError where it gives nothing."""
    from eval.compare import compare
    from eval.results import read

    with tempfile.TemporaryDirectory(prefix="factcheck-eval-") as folder:
        target = baseline.path.relative_to(ROOT) if update else Path(folder) / "result.json"
        ran = subprocess.run(
            [sys.executable, "-m", "eval", "run", *baseline.arguments, "--out", str(target)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode not in (0, LEFT_FAILURES):
            last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ConfigError(f"{baseline.path.name}: its command ended with exit code {ran.returncode}: {last}")
        return compare(baseline.result, read(ROOT / target))


def _show(baseline: Baseline, comparison: Comparison) -> None:
    """Two lines where nothing got worse, else all there is to say."""
    from eval.page.terminal import print_comparison
    from eval.printing import console

    terminal = console()
    terminal.print(f"\n{baseline.path.name}", style="bold", highlight=False)
    if comparison.verdict == "pass":
        terminal.print(f"✔ {comparison.conclusion}", style="green", highlight=False, markup=False, soft_wrap=True)
    else:
        print_comparison(comparison, terminal)


def _summary(codes: list[int]) -> str:
    counts = {"without regression": codes.count(0), "worse": codes.count(REGRESSION)}
    counts["incomplete"] = len(codes) - sum(counts.values())
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)
