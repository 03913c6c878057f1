"""Where reports go: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from factcheck.errors import ConfigError


def require_writable(*names: str | None, source: str) -> None:
    """Before anything is spent: every report has a place of its own to go, and none takes the place of ``source``."""
    asked = [name for name in names if name is not None]
    if len({_target(name) for name in asked}) < len(asked):
        raise ConfigError(f"only one report can go to {'stdout' if asked[0] == '-' else asked[0]}")
    for name in asked:
        if name != "-":
            _require_file(name, source)


def write_out(name: str, text: str) -> None:
    """To stdout for ``-``, else to the file, whole or not at all."""
    from factcheck.report.schema import write_whole

    if name == "-":
        typer.get_binary_stream("stdout").write(text.encode())
        return
    write_whole(Path(name), text)


def _require_file(name: str, source: str) -> None:
    if not name or os.path.isdir(name):
        raise ConfigError(f"{name or '(no name)'}: a folder; give a file to write the report to")
    if source != "-" and _target(name) == _target(source):
        raise ConfigError(f"{name}: this is the file to be read; give another to write the report to")
    folder = os.path.dirname(_target(name))
    if not os.path.isdir(folder):
        raise ConfigError(f"{name}: the folder to write to does not exist")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{name}: the folder cannot be written to")


def _target(name: str) -> str:
    return name if name == "-" else os.path.realpath(name)
