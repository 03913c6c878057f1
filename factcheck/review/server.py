"""The review server: bound to this machine alone, quiet, and gone the moment it is told to."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from factcheck.errors import ConfigError
from factcheck.review.access import Guard, Session
from factcheck.review.folder import Folder
from factcheck.review.pages import Pages
from factcheck.review.problems import Problem, Refused
from factcheck.review.rendering import problem_response

HOST: Final = "127.0.0.1"
_FAULT: Final = Problem(
    500,
    "An unexpected error",
    "This is a bug in factcheck; the line in the terminal says more. Nothing of yours is lost: what the page called"
    " saved is on the disk.",
    "/",
)
_TITLES: Final = {404: "There is no such page", 405: "This cannot be done here"}

Say = Callable[[str], None]


def listen(port: int) -> socket.socket:
    """A socket of this machine alone; port 0 takes a free one. Raises ConfigError where the port is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise ConfigError(
            f"port {port} of this machine cannot be used ({error.strerror or error}); give another with --port,"
            " or none for a free one"
        ) from error
    return made


def make_app(folder: Folder, *, reviewer: str, session: Session, say: Say) -> ASGIApp:
    """The whole application: pages behind the guard, and every error as a page."""

    async def fault(request: Request, error: Exception) -> Response:
        say(f"factcheck: unexpected {type(error).__name__}: {error}; this is a bug in factcheck, please report it")
        return problem_response(_FAULT, request.headers)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return problem_response(error.problem, request.headers)

    async def trouble(request: Request, error: Exception) -> Response:
        way_on = None if folder.is_single else "/"
        return problem_response(Problem(422, "That did not work", f"{error}.", way_on), request.headers)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "That did not work")
        return problem_response(Problem(error.status_code, title, f"{error.detail}.", "/"), request.headers)

    handlers = {Exception: fault, Refused: refused, ConfigError: trouble, HTTPException: http}
    app = Starlette(routes=[*Pages(folder, reviewer).routes()], exception_handlers=handlers)
    return Guard(app, session)


def serve(target: Path, *, port: int, reviewer: str, ready: Callable[[str], None], say: Say) -> None:
    """Serves the report or folder until a signal ends it, which comes out as the signal's own exception.

    ``ready`` gets the address with its token, once the server can be reached. Raises ConfigError.
    """
    if not target.exists():
        raise ConfigError(f"{target}: does not exist; give a report that check --json wrote, or a folder of them")
    with closing(listen(port)) as listener, closing(Folder(target)) as folder:
        session = Session(listener.getsockname()[1])
        app = make_app(folder, reviewer=reviewer, session=session, say=say)
        ready(session.url)
        asyncio.run(make_server(app).serve(sockets=[listener]))


class _Server(uvicorn.Server):
    """Ends at the first signal: a page that keeps its connection open, or opens one just then, is not waited for."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.force_exit = True


def make_server(app: ASGIApp) -> uvicorn.Server:
    """uvicorn without anything it would print, guess from headers or wait for."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.NullHandler()], False
    return _Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
    )
