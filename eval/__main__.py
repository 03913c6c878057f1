"""``python -m eval``."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from factcheck.cli.door import COULD_NOT_RUN

NEEDED = ("jinja2", "matplotlib", "sklearn")  # by the extra "eval"


def main() -> None:
    """Runs the command line; without the packages it needs, one line says how to get them."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        print(f"factcheck: python -m eval needs {', '.join(missing)}: pip install -e '.[eval]'", file=sys.stderr)
        raise SystemExit(COULD_NOT_RUN)
    from eval.cli import app

    app()


if __name__ == "__main__":
    main()
