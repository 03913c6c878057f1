"""The arrows of the design: each heavy library has one home, and the lower layers never import the upper ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "factcheck"

HOMES = {
    "chromadb": {"retrieve/chroma.py", "retrieve/server.py"},
    "tantivy": {"retrieve/lexical.py", "retrieve/terms.py"},
    "onnxruntime": {"local/loading.py"},
    "tokenizers": {"local/minilm.py", "local/pairs.py"},
    "pypdfium2": {"documents/pdf.py"},
    "mammoth": {"documents/office.py"},
    "trafilatura": {"documents/html.py"},
    "sentencex": {"sentences.py"},
    "langchain": {"llm"},
    "langchain_core": {"llm"},
    "langchain_openai": {"llm", "retrieve/embed.py"},
    "openai": {"llm", "retrieve/embed.py"},
    "typer": {"cli"},
    "rich": {"cli", "report/terminal.py"},
    "jinja2": {"report/html.py", "review"},
    "starlette": {"review"},
    "uvicorn": {"review", "cli/review.py"},
    "distributed": {"batch/cluster.py", "batch/worker.py"},
}
ABOVE = {  # who must not be imported by the stages
    "factcheck.cli",
    "factcheck.engine",
    "factcheck.pipeline",
}
UPPER = ("cli/", "batch/", "engine.py", "pipeline.py", "__init__.py", "__main__.py")


def _imports() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((where, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield where, node.module


def test_each_heavy_library_is_imported_only_in_its_home() -> None:
    strays = [
        (where, name)
        for where, name in _imports()
        if (library := name.partition(".")[0]) in HOMES
        and not any(where == home or where.startswith(f"{home}/") for home in HOMES[library])
    ]
    assert strays == []


def test_no_stage_imports_the_pipeline_the_engine_or_the_command_line() -> None:
    strays = [
        (where, name)
        for where, name in _imports()
        if not where.startswith(UPPER) and any(name == above or name.startswith(f"{above}.") for above in ABOVE)
    ]
    assert strays == []


def test_the_product_never_imports_what_measures_or_trains_it() -> None:
    aside = {"eval", "training", "bench", "tests"}
    assert [(where, name) for where, name in _imports() if name.partition(".")[0] in aside] == []


@pytest.mark.parametrize("statement", ["import factcheck", "import factcheck.cli", "from factcheck import Report"])
def test_heavy_libraries_are_not_imported_before_they_are_needed(statement: str) -> None:
    heavy = [
        "chromadb",
        "langchain",
        "langchain_core",
        "openai",
        "onnxruntime",
        "tantivy",
        "trafilatura",
        "babel",
        "numpy",
        "rich",
        "jinja2",
        "starlette",
        "uvicorn",
        "distributed",
    ]
    script = f"{statement}\nimport sys\nprint([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    assert found == "[]"
