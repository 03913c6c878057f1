"""Who may talk to the review page: one browser of this machine, known by its cookie, and no other site through it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from factcheck.report.html import digest_of
from factcheck.review.problems import Problem
from factcheck.review.rendering import PROBLEM_STYLE, problem_response

MOST_BODY: Final = 65_536  # bytes of a decision; its comment has at most 10,000 characters
SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self'; style-src 'self' '{digest_of(PROBLEM_STYLE)}'; connect-src 'self';"
        " img-src 'self';"
        " form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # "no-referrer" would make browsers send "Origin: null" with our own forms; other sites get no referrer from this
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-DNS-Prefetch-Control": "off",
}

USED = Problem(
    403,
    "This link was used already",
    "It works once, and whoever used it first has the session. Stop factcheck review with Ctrl-C and start it again"
    " for a new link; with --no-browser it opens no browser itself and leaves the link to you.",
)
NO_SESSION = Problem(
    403,
    "This browser has no session here",
    "Open the address that factcheck review printed when it started, with its token. After a restart there is a"
    " new one. If you have just opened it from another page, go on from here.",
    way_on="/",
)
FOREIGN_HOST = Problem(403, "Wrong host name", "This page answers only under its own address.")
FOREIGN_SITE = Problem(403, "Refused", "Another site asked for this page; only the page itself may.")
TOO_LARGE = Problem(413, "Too much was sent", f"A decision and its comment fit into {MOST_BODY:,} bytes.")


class Session:
    """One token, good once, and the cookie it is exchanged for. A new pair each time the server starts."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token = secrets.token_urlsafe(32)
        self.cookie_name = f"factcheck_review_{port}"  # cookies do not tell ports apart
        self._secret = secrets.token_urlsafe(32)
        self._used = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie(self) -> str:
        return f"{self.cookie_name}={self._secret}; Path=/; HttpOnly; SameSite=Strict"

    @property
    def hosts(self) -> frozenset[str]:
        names = ("127.0.0.1", "localhost")
        bare = names if self.port == 80 else ()
        return frozenset((*bare, *(f"{name}:{self.port}" for name in names)))

    def holds(self, cookies: Iterable[str]) -> bool:
        """Whether one of these ``Cookie`` headers carries the session's secret."""
        return any(
            hmac.compare_digest(cookie_parser(header).get(self.cookie_name, "").encode(), self._secret.encode())
            for header in cookies
        )

    def redeem(self, token: str) -> Problem | None:
        """None for the right token, given for the first time; from then on it is used up."""
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return NO_SESSION
        if self._used:
            return USED
        self._used = True
        return None


class Guard:
    """Lets through what comes from the session's browser and the page itself; sets the security headers on all."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app = app
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        guarded = _with_security_headers(send)
        headers = Headers(scope=scope)
        if (problem := self._refusal(scope["method"], headers)) is not None:
            await problem_response(problem, headers)(scope, receive, guarded)
        elif not self._session.holds(headers.getlist("cookie")):
            await self._admit(scope, receive, guarded)
        elif scope["path"] == "/" and "token" in QueryParams(scope["query_string"]):
            await _to_start(None)(scope, receive, guarded)  # a reload of the printed address: the token leaves the URL
        else:
            await self._app(scope, receive, guarded)

    def _refusal(self, method: str, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        if host not in self._session.hosts:
            return FOREIGN_HOST
        reads = method in ("GET", "HEAD")
        origins = headers.getlist("origin")
        if any(origin != f"http://{host}" for origin in origins) or not (reads or origins):
            return FOREIGN_SITE
        from_here = headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
        navigates = reads and headers.get("sec-fetch-mode") == "navigate"
        if not from_here and not navigates:
            return FOREIGN_SITE
        length = headers.get("content-length", "0")
        return TOO_LARGE if not length.isdigit() or int(length) > MOST_BODY else None

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The first visit, with the token. Only a GET redeems it: a program that looks ahead with HEAD must not."""
        token = QueryParams(scope["query_string"]).get("token")
        headers = Headers(scope=scope)
        if token is None or scope["method"] != "GET" or scope["path"] != "/":
            await problem_response(NO_SESSION, headers)(scope, receive, send)
        elif (problem := self._session.redeem(token)) is not None:
            await problem_response(problem, headers)(scope, receive, send)
        else:
            await _to_start(self._session.cookie)(scope, receive, send)


def _to_start(cookie: str | None) -> ASGIApp:
    response = RedirectResponse("/", status_code=303)
    if cookie is not None:
        response.headers["Set-Cookie"] = cookie
    return response


def _with_security_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers[name] = value
        await send(message)

    return guarded
