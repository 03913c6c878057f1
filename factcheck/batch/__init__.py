"""Checking a folder of documents: resumable, within a budget, through any fault.

>>> from factcheck.batch import run_batch
>>> result = run_batch("inbox/", "reports/", references="references/", max_cost=5.0)
>>> [(row.document, row.status, row.reason) for row in result.rows if row.status != "done"]
"""
