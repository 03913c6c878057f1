"""The command line's front door: ``factcheck`` and ``python -m factcheck``."""

from __future__ import annotations


def main() -> None:
    from factcheck.cli import app

    app()


if __name__ == "__main__":
    main()
