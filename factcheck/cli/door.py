"""What every command shares: errors become one line on stderr and a documented exit code, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import FrameType
from typing import ParamSpec

import typer

from factcheck.errors import FactcheckError

FAILED_ON = 1
COULD_NOT_RUN = 2
LEFT_FAILURES = 3
INTERRUPTED = 130
TERMINATED = 143

P = ParamSpec("P")


class Terminated(BaseException):
    """SIGTERM, raised in the main thread so that locks and temporary files are cleaned up on the way out."""


def door(command: Callable[P, int]) -> Callable[P, None]:
    """Runs a command that returns its exit code. ``FACTCHECK_DEBUG=1`` lets an unexpected error through."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(_exit_code(lambda: command(*args, **kwargs)))

    run.__annotations__ = {**command.__annotations__, "return": None}
    return run


def _exit_code(command: Callable[[], int]) -> int:
    _on_sigterm()
    if sys.stdout is None:  # closed by the caller (>&-)
        say("factcheck: standard output is closed; there is nowhere to write to")
        return COULD_NOT_RUN
    try:
        code = command()
        sys.stdout.flush()
    except FactcheckError as error:
        say(f"factcheck: {error}")
    except KeyboardInterrupt:
        say("factcheck: interrupted")
        return INTERRUPTED
    except Terminated:
        say("factcheck: terminated")
        return TERMINATED
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN
    except OSError as error:
        say(f"factcheck: {error.filename or 'input or output'}: {error.strerror or error}")
    except typer.Exit:
        raise
    except Exception as error:
        if os.environ.get("FACTCHECK_DEBUG"):
            raise
        say(
            f"factcheck: unexpected {type(error).__name__}: {error}; this is a bug in factcheck,"
            " please report it with the output of FACTCHECK_DEBUG=1"
        )
    else:
        return code
    return COULD_NOT_RUN


def say(line: str) -> None:
    """One line on stderr, fit for any terminal; nothing where stderr is closed or takes nothing more."""
    from factcheck.text import printable

    if sys.stderr is None:  # print would take stdout instead, and spoil a report there
        return
    text = printable(line)
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    with suppress(OSError):  # a full disk: the exit code still says what happened
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)  # noqa: T201


def _on_sigterm() -> None:
    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
