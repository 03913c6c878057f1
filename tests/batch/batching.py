"""A batch in a process of its own, checked by rule: to be killed, interrupted, or given too little room.

python -m tests.batch.batching FOLDER OUT [PAUSE_S]
"""

from __future__ import annotations

import sys
from pathlib import Path

from factcheck.batch.output import Output
from factcheck.batch.plan import plan
from factcheck.batch.run import Asked, Batch, Result
from factcheck.cli.batch import exit_code, interruptible
from factcheck.cli.check import FailOn
from factcheck.cli.door import door
from tests.batch.checking import Checking


@door
def main(folder: Path, out: Path, pause_s: float) -> int:
    async def run() -> Result:
        with Output.held(out, folder) as output:
            asked = Asked(folder, out)
            return await Batch(asked, output, Checking(pause_s=pause_s), at_once=4).run(plan(folder, out=out))

    return exit_code(interruptible(run()), FailOn.never)


if __name__ == "__main__":
    import typer

    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), float((*sys.argv[3:], "0")[0]))
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
