"""Checking a folder of documents: resumable, within a budget, through any fault.

>>> from factcheck.batch import run_batch
>>> result = run_batch("inbox/", "reports/", references="references/", max_cost=5.0)
>>> [(row.document, row.status, row.reason) for row in result.rows if row.status != "done"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from factcheck.batch.run import Result, run_batch

__all__ = ["Result", "run_batch"]


def __getattr__(name: str) -> Any:
    """The public names, imported when first used: reading an index does not take the engine."""
    if name in __all__:
        from factcheck.batch import run

        return getattr(run, name)
    raise AttributeError(f"module 'factcheck.batch' has no attribute {name!r}")
