"""The command line's front door: ``factcheck`` and ``python -m factcheck``."""

from __future__ import annotations

import gc

_ENOUGH = 100_000  # objects between two collections


def main() -> None:
    """Runs a command. Libraries make a million objects that stay: to look through them again and again while they are
    loaded, and once more when the process ends, would take half a second of each command.
    """
    from factcheck.cli import app

    gc.set_threshold(_ENOUGH)
    try:
        app()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
