"""Settings that cannot be read are the user's to mend, in one line, and never called a bug of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factcheck.errors import ConfigError
from factcheck.settings import load


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("factcheck.toml", b'modle = "x"', "settings: modle: there is no such setting"),
        ("factcheck.toml", b'passages = "abc"', "settings: passages: Input should be a valid integer"),
        ("factcheck.toml", b"passages = ", "settings: factcheck.toml: not valid TOML (Invalid value"),
        ("factcheck.toml", b"\xff\xfe", "settings: factcheck.toml: not valid TOML ("),
        ("pyproject.toml", b"[tool", "settings: pyproject.toml: not valid TOML ("),
        ("pyproject.toml", b"[tool.factcheck]\npasages = 3", "settings: pasages: there is no such setting"),
    ],
)
def test_a_file_that_is_wrong_is_named(
    file: str, content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ConfigError, match=f"^{re.escape(said)}"):
        load()


def test_a_variable_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTCHECK_PASSAGES", "abc")
    with pytest.raises(ConfigError, match=r"^settings: passages: Input should be a valid integer"):
        load()
