"""A batch in a process of its own, checked by rule: to be killed, interrupted, or given too little room.

python -m tests.batch.batching FOLDER OUT [PAUSE_S]
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from factcheck.batch.output import Output
from factcheck.batch.plan import plan
from factcheck.batch.run import Asked, Batch, Result
from factcheck.cli.batch import exit_code, interruptible
from factcheck.cli.door import door
from factcheck.cli.options import FailOn
from factcheck.documents.language import detect_language
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

    folder, out, pause_s, most = (*sys.argv[1:], *["0", "0"][len(sys.argv) - 3 :])
    detect_language("Words to load the detector for, which takes a file.")
    if int(most):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
    try:
        main(Path(folder), Path(out), float(pause_s))
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
