"""Every test keeps to a cache of its own and sees no model, key or settings of the machine it runs on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("FACTCHECK_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_"))]:
        monkeypatch.delenv(name)
    cache: Path = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("FACTCHECK_CACHE_DIR", str(cache))
