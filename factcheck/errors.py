"""Every error factcheck raises on purpose.

FactcheckError            one line for the user: what happened, to what, and what to try
├── ConfigError           settings or arguments that cannot work
├── ReadError             a document or reference that cannot be read
├── StoreError            the store of references: missing, locked, damaged, unreachable, of another embedder
└── ModelError            an answer the model did not give; fails one claim or window
    └── ModelUnavailable  no further call can succeed (key, quota, address, budget): stops the run
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from factcheck.models import FailureCode

ReadCode = Literal[
    "missing",
    "not_a_file",
    "empty",
    "binary",
    "encrypted",
    "broken",
    "no_text",
    "too_large",
    "unreadable",
    "timeout",
    "unsupported",
]
StoreCode = Literal[
    "store_missing",
    "store_empty",
    "store_locked",
    "store_damaged",
    "store_unreachable",
    "store_mismatch",
    "store_unwritable",
]


class FactcheckError(Exception):
    """The message is one line, fit for the terminal once ``text.printable`` has been applied."""


class ConfigError(FactcheckError):
    pass


class ReadError(FactcheckError):
    """``source`` could not be read; ``code`` says in which way."""

    def __init__(self, source: str, code: ReadCode, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source
        self.code: ReadCode = code
        self.reason = message

    def __reduce__(self) -> tuple[type[ReadError], tuple[str, ReadCode, str]]:
        return type(self), (self.source, self.code, self.reason)


class StoreError(FactcheckError):
    def __init__(self, code: StoreCode, message: str) -> None:
        super().__init__(message)
        self.code: StoreCode = code


class ModelError(FactcheckError):
    """One call failed for good: retries and the second asking are already spent."""

    def __init__(self, code: FailureCode, message: str) -> None:
        super().__init__(message)
        self.code: FailureCode = code


class ModelUnavailable(ModelError):
    """As ModelError, and every further call would fail the same way."""
