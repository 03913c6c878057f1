"""What a user installs: a wheel built from the sdist holds all it needs and works away from the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)  # first the sdist, then the wheel from it
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_prompts_the_embedded_model_and_what_pages_are_made_of(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    prompts = {f"factcheck/_prompts/{path.name}" for path in (ROOT / "prompts").glob("*.md")}
    folder = ROOT / "factcheck/local/weights"
    weights = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.is_file()}
    folders = ("factcheck/review/templates", "factcheck/review/static", "factcheck/report/templates")
    pages = {path.relative_to(ROOT).as_posix() for name in folders for path in (ROOT / name).iterdir()}
    pages.add("factcheck/report/style.css")
    assert all(any(page.startswith(name) for page in pages) for name in folders)
    assert prompts
    assert weights
    assert prompts | weights | pages | {"factcheck/py.typed"} <= names
    assert not any(name.startswith(("tests/", "bench/", "training/")) for name in names)


@pytest.mark.slow
def test_the_wheel_works_installed_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel)], check=True)
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FACTCHECK_", "OPENAI_", "PYTHON"))}
    done = subprocess.run(
        [home / "bin" / "factcheck", "check", "examples/article.en.md", "--references", "examples/references"],
        cwd=tmp_path,
        env={**kept, "FACTCHECK_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "contradicted" in done.stdout
    where = subprocess.run(
        [python, "-c", "import factcheck; print(factcheck.__file__)"], cwd=tmp_path, capture_output=True, text=True
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
