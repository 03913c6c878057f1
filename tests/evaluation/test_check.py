"""``python -m eval check``: baselines measured again by their own commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from eval import check
from eval.check import BASELINES, ROOT, baselines
from eval.records import Result, SampleResult
from eval.results import read, write
from factcheck.errors import ConfigError

WHICH = "own-contrast"


def checked(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "eval", "check", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_baseline_says_the_command_that_made_it_and_names_no_machine() -> None:
    found = list(baselines())
    assert {baseline.result.task for baseline in found} >= {
        "split",
        "retrieve",
        "verdict",
        "end-to-end",
        "citations",
        "attack",
        "contrast",
    }
    for baseline in found:
        words = baseline.result.provenance.command.split()
        assert not [word for word in words if word.startswith("/")], baseline.path.name
        assert "--engine" in words, f"{baseline.path.name}: which engine is chosen would depend on the machine"


def test_an_unchanged_engine_passes() -> None:
    ran = checked(WHICH)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 baselines measured: 1 without regression" in ran.stderr


def test_an_engine_that_is_worse_than_its_baseline_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline here is one that got every claim right."""
    result = read(BASELINES / f"{WHICH}.json.gz")
    write(tmp_path / f"{WHICH}.json.gz", _all_right(result))
    monkeypatch.setattr(check, "BASELINES", tmp_path)
    found = next(baselines((), tmp_path))
    comparison = check._measured(found, update=False)
    assert comparison.exit_code == 1


def test_a_baseline_of_data_that_is_not_here_is_skipped_by_name(tmp_path: Path) -> None:
    result = read(BASELINES / f"{WHICH}.json.gz")
    command = "python -m eval run contrast --engine local --data ../no/such/data"
    made = result.provenance.model_copy(update={"command": command})
    write(tmp_path / "far.json.gz", result.model_copy(update={"provenance": made}))
    assert next(baselines((), tmp_path)).lacks() == "../no/such/data"


def test_a_name_that_no_baseline_has_is_an_error() -> None:
    ran = checked("nothing-of-the-kind")
    assert ran.returncode == 2
    assert "no baseline nothing-of-the-kind" in ran.stderr


def test_a_command_of_something_else_is_refused(tmp_path: Path) -> None:
    result = read(BASELINES / f"{WHICH}.json.gz")
    made = result.provenance.model_copy(update={"command": "rm -r everything"})
    write(tmp_path / "evil.json.gz", result.model_copy(update={"provenance": made}))
    with pytest.raises(ConfigError, match="no command of python -m eval run"):
        list(baselines((), tmp_path))


def _all_right(result: Result) -> Result:
    def better(sample: SampleResult) -> SampleResult:
        return sample.model_copy(update={"label": sample.gold, "labels": (sample.gold,)})

    return result.model_copy(update={"samples": tuple(map(better, result.samples))})
