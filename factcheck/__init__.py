"""factcheck checks what a document says against the references you trust.

>>> from factcheck import check
>>> report = check("article.md", references="references/")
>>> [(outcome.claim.text, outcome.verdict.label) for outcome in report.outcomes if outcome.verdict]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factcheck.engine import acheck, check
    from factcheck.models import Report

    __version__: str

__all__ = ["Report", "__version__", "acheck", "check"]


def __getattr__(name: str) -> Any:
    """The public names, imported when first used: ``import factcheck`` stays quick."""
    if name == "__version__":
        from importlib.metadata import version

        return version("factcheck")
    if name in ("check", "acheck"):
        from factcheck import engine

        return getattr(engine, name)
    if name == "Report":
        from factcheck.models import Report

        return Report
    raise AttributeError(f"module 'factcheck' has no attribute {name!r}")
