"""The own set's README tells what is in it."""

from __future__ import annotations

import contextlib
import io
import re

from eval.datasets.own import FOLDER


def test_counts_in_the_readme_are_what_its_command_prints() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    command, stated = re.findall(r"```(?:python|text)\n(.*?)```", readme, re.S)
    printed = io.StringIO()

    with contextlib.redirect_stdout(printed):
        exec(command, {})  # noqa: S102 - the command of our own README

    assert printed.getvalue() == stated
