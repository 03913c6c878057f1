"""Every way out of a command has its exit code and one line on stderr."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from factcheck.cli.door import door
from factcheck.errors import ConfigError


def _raise(error: BaseException) -> Callable[[], int]:
    def command() -> int:
        raise error

    return command


def _code(command: Callable[[], int]) -> int:
    with pytest.raises(typer.Exit) as left:
        door(command)()
    return left.value.exit_code


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("no such store"), 2, "factcheck: no such store"),
        (KeyboardInterrupt(), 130, "factcheck: interrupted"),
        (OSError(28, "No space left on device", "report.json"), 2, "factcheck: report.json: No space left on device"),
        (ZeroDivisionError("division by zero"), 2, "this is a bug in factcheck"),
        (ConfigError("evil \x1b[31m name \u202e"), 2, r"evil \x1b[31m name \u202e"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _code(_raise(error)) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


def test_an_uncaught_error_never_exits_1() -> None:
    assert _code(_raise(ValueError("anything"))) == 2


def test_sigterm_ends_with_143(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def command() -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
        return 0

    try:
        assert _code(command) == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err == "factcheck: terminated\n"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_closed_stream_is_no_bug_and_trouble_never_goes_to_stdout(
    stream: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, stream, None)
    assert _code(_raise(ConfigError("no such store"))) == 2
    monkeypatch.undo()
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "factcheck: standard output is closed; there is nowhere to write to\n" if stream == "stdout" else ""
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux")
def test_an_error_that_cannot_be_said_does_not_read_as_a_contradiction() -> None:
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "factcheck", "check", "no-such-document.txt"], stdout=full, stderr=full
        )
    assert ended.returncode == 2
