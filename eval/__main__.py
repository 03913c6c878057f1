"""``python -m eval``."""

from __future__ import annotations


def main() -> None:
    from eval.cli import app

    app()


if __name__ == "__main__":
    main()
