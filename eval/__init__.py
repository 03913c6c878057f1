"""Measures every stage of factcheck and the whole, and compares with a baseline: ``python -m eval --help``.

It imports factcheck, never the reverse.
"""
