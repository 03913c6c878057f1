"""The command line's front door: ``factcheck`` and ``python -m factcheck``."""

from __future__ import annotations

import gc

_ENOUGH = 100_000  # objects between two collections


def main() -> None:
    """Runs a command. Libraries make 200,000 objects that stay: they are not looked through again and again while they
    are loaded, nor once more when the process ends.
    """
    from factcheck.cli import app

    gc.set_threshold(_ENOUGH)
    try:
        app()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
