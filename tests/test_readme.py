"""The README says what the code does: its reasons, exit codes, options, files and the two lines to paste."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from factcheck.batch.coverage import COVERAGE
from factcheck.batch.output import REVIEWED, SUMMARY
from factcheck.batch.records import INDEX
from factcheck.batch.run import CACHE, PATIENCE_S
from factcheck.cli import app, door
from factcheck.report import words

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("check", "index", "report", "schema", "batch", "diff", "review", "review export")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_the_reasons_are_told_in_the_words_of_the_report() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section("The three labels"), re.MULTILINE)
    assert {code: meaning.partition(";")[0] for code, meaning in rows} == words.REASONS


def test_the_labels_carry_the_symbols_of_the_report() -> None:
    rows = re.findall(r"^\| (\S) \| \*\*(\w+)\*\* \|", section("The three labels"), re.MULTILINE)
    assert rows == [(words.SIGNS[name].symbol, name) for name in ("supported", "contradicted", "unverifiable")]


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    codes = [int(code) for code in re.findall(r"^\| (\d+) \|", section("Reports"), re.MULTILINE)]
    assert codes == [0, door.FAILED_ON, door.COULD_NOT_RUN, door.LEFT_FAILURES, door.INTERRUPTED, door.TERMINATED]


def test_every_option_named_exists() -> None:
    helped = " ".join(CliRunner().invoke(app, [*name.split(), "--help"]).output for name in COMMANDS)
    ours = README.replace(section("How good it is"), "")  # which names the options of benchmarks
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours)) <= set(re.findall(r"--[a-z-]+", helped))


def test_every_command_is_named() -> None:
    assert [name for name in COMMANDS if f"factcheck {name}" not in README] == []
    assert {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands} == set(
        COMMANDS
    )


def test_the_files_of_a_batch_are_those_it_writes() -> None:
    rows = re.findall(r"^\| `([\w./-]+)` \|", section("A folder of documents"), re.MULTILINE)
    assert rows == [INDEX, SUMMARY, COVERAGE, f"{CACHE}/", f"{REVIEWED}/"]


def test_the_patience_of_a_batch_is_told() -> None:
    assert f"{PATIENCE_S:.0f} s (`FACTCHECK_PATIENCE_S`)" in section("A folder of documents")


def test_every_file_named_exists() -> None:
    named = set(re.findall(r"(?<![.\w])(?:factcheck|examples|prompts|bench)/[\w./-]*\w", README)) | {
        "LICENSE",
        "NOTICE",
    }
    named |= set(re.findall(r"\]\(([\w./]+)\)", README))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert {"split/local.py", "verdict/local.py", "verdict/signals.py"} <= set(re.findall(r"`(\w+/\w+\.py)`", README))


def test_setting_up_is_one_line_and_testing_is_another() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert lines == [
        "python3 -m venv .venv && .venv/bin/pip install -q . && "
        ".venv/bin/factcheck check examples/article.en.md --references examples/references",
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest",
    ]


@pytest.mark.slow
def test_the_output_shown_is_what_the_command_prints(tmp_path: Path) -> None:
    block = README.split("<!-- output:")[1].split("```")[1].strip()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FACTCHECK_", "OPENAI_"))}
    settings = {"FACTCHECK_CACHE_DIR": str(tmp_path), "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "factcheck", "check", "examples/article.en.md", "-r", "examples/references"]
    done = subprocess.run(command, cwd=ROOT, env=own | settings, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == door.FAILED_ON, done.stderr
    printed = iter(done.stdout.splitlines())
    missing = [line for line in block.splitlines() if line not in ("", "…") and line not in printed]
    assert missing == [], "paste what the command prints now into the README"
