"""The pages of the review server: a folder's list, a report under review, one claim of it, a source; and decisions."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from factcheck.review.access import MOST_BODY, TOO_LARGE
from factcheck.review.decisions import requested, saved_line, standing_lines, taken_back_by
from factcheck.review.desk import Desk
from factcheck.review.filters import Filter, Selection
from factcheck.review.folder import Folder, Opened
from factcheck.review.listing import listing
from factcheck.review.problems import Problem, Refused
from factcheck.review.rendering import render
from factcheck.review.sources import source_text
from factcheck.reviews import append_review

_PATIENCE_S: Final = 0.4  # the list shows what it knows by then and asks again for the rest
_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_STATIC: Final = ("review.css", "review.js", "htmx.min.js", "icon.svg")
_REWRITTEN: Final = Problem(
    409,
    "Not saved: the report was written anew",
    "This page shows an earlier state of it. Reload the page and look at the claim again.",
)
_NO_REPORT: Final = Problem(404, "No such report", "It was moved or deleted. Go back to the list.", "/")
_NO_CLAIM: Final = Problem(404, "No such claim", "The report has no claim of this number. Open the report again.", "/")
_NO_FORM: Final = Problem(400, "Not saved", "The page sent nothing that can be read. Reload it and try again.")


class Pages:
    """What the server answers with; ``reviewer`` is who decides here."""

    def __init__(self, folder: Folder, reviewer: str) -> None:
        self._folder = folder
        self._reviewer = reviewer
        self._saving = threading.Lock()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.start),
            Route("/list", self.rows),
            Route("/next", self.next_report),
            Route("/r/{report}", self.report),
            Route("/r/{report}/claim", self.claim),
            Route("/r/{report}/source", self.source),
            Route("/r/{report}/decision", self.decide, methods=["POST"]),
            Route("/static/{name}", static),
        ]

    def start(self, request: Request) -> Response:
        """The list of a folder, or straight the one report there is."""
        if self._folder.is_single:
            return RedirectResponse(f"/r/{self._folder.reports()[0].id}", 303)
        shown = listing(self._folder, patience_s=_PATIENCE_S)
        return HTMLResponse(render("list.html", shown=shown, reviewer=self._reviewer))

    def rows(self, request: Request) -> Response:
        """The rows of the list once more, when some were still being read."""
        return HTMLResponse(render("rows.html", shown=listing(self._folder, patience_s=_PATIENCE_S)))

    def next_report(self, request: Request) -> Response:
        """To the first report with a claim that waits for a decision, or back to the list."""
        rows = listing(self._folder, patience_s=None).rows
        waiting = next((row for row in rows if row.waiting), None)
        return RedirectResponse("/" if waiting is None else f"/r/{waiting.id}", 303)

    def report(self, request: Request) -> Response:
        """The document and the chosen claim; without ``claim`` in the address the first that waits for a decision."""
        opened = self._open(request)
        desk = self._desk(opened, request)
        return HTMLResponse(render("report.html", desk=desk, head=opened.viewer.head(desk.standing)))

    def claim(self, request: Request) -> Response:
        """The chosen claim alone, and what changed beside it."""
        return HTMLResponse(render("pane.html", desk=self._desk(self._open(request), request), partial=True))

    def source(self, request: Request) -> Response:
        """The text of a source with the words that a claim cites."""
        opened = self._open(request)
        number = _claim_number(request.query_params.get("claim", ""), opened)
        place = request.query_params.get("place", "")
        outcome = opened.report.outcomes[number - 1]
        asked = int(place) if place.isascii() and place.isdecimal() and len(place) < 6 else -1
        shown = source_text(opened.report, outcome, asked)
        claim = opened.viewer.claim(outcome.claim.id)
        return HTMLResponse(render("source.html", shown=shown, place=asked, claim=claim))

    async def decide(self, request: Request) -> Response:
        """Saves a decision, and answers only when it is on the disk."""
        form = await _form(request)
        return await run_in_threadpool(self._decide, request, form)

    def _decide(self, request: Request, form: Mapping[str, str]) -> Response:
        with self._saving:  # the report is looked at again and the line written before anyone else's
            opened = self._open(request)
            if form.get("report") != opened.digest:
                raise Refused(_REWRITTEN)
            number = _claim_number(form.get("claim", ""), opened)
            review = requested(form, opened.report.outcomes[number - 1], digest=opened.digest, reviewer=self._reviewer)
            before = self._folder.decided(opened)
            taken_back = taken_back_by(review, standing_lines(before.file.reviews, self._reviewer))
            append_review(opened.found.path, review)
        selection = self._selection(opened, request)
        moves_on = review.label is not None and not selection.wanted.stay
        shown = (selection.unreviewed_after(number) if moves_on else None) or number
        desk = self._desk_of(opened, selection, shown, said=saved_line(review, number, taken_back))
        if request.headers.get("hx-request") == "true":
            return HTMLResponse(render("pane.html", desk=desk, partial=True))
        return RedirectResponse(desk.page(shown, saved=number), 303)

    def _open(self, request: Request) -> Opened:
        found = self._folder.find(request.path_params["report"])
        if found is None:
            raise Refused(_NO_REPORT)
        return self._folder.open(found)

    def _desk(self, opened: Opened, request: Request) -> Desk:
        asked = request.query_params
        selection = self._selection(opened, request)
        if "claim" in asked:
            number: int | None = _claim_number(asked["claim"], opened)
        elif "near" in asked:  # a filter was changed: the claim stays, if it may
            number = selection.near(_claim_number(asked["near"], opened))
        else:
            number = selection.unreviewed_after(0) or selection.near(1)
        saved = asked.get("saved", "")  # without scripts a decision comes back as this address, of the next claim maybe
        said = f"Saved: your decision on claim {_claim_number(saved, opened)}." if saved else ""
        return self._desk_of(opened, selection, number, said=said)

    def _selection(self, opened: Opened, request: Request) -> Selection:
        wanted = Filter.of(request.query_params.multi_items())
        return Selection(opened.traits, self._folder.decided(opened).standing, self._reviewer, wanted)

    def _desk_of(self, opened: Opened, selection: Selection, number: int | None, *, said: str) -> Desk:
        decided = self._folder.decided(opened)
        in_folder = not self._folder.is_single
        return Desk(opened, decided, self._reviewer, selection, number, said=said, in_folder=in_folder)


def static(request: Request) -> Response:
    """A file of the page itself; any other name is not found."""
    name = request.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    return Response(_content(name), media_type=_MEDIA_TYPES[name.rpartition(".")[2]])


@cache
def _content(name: str) -> bytes:
    return files("factcheck.review").joinpath("static", name).read_bytes()


def _claim_number(asked: str, opened: Opened) -> int:
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 0
    if not 1 <= number <= len(opened.traits):
        raise Refused(_NO_CLAIM)
    return number


async def _form(request: Request) -> dict[str, str]:
    """The fields of the form. Raises Refused where it is too long or no form."""
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BODY:
                raise Refused(TOO_LARGE)
    except ClientDisconnect:
        raise Refused(_NO_FORM) from None
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise Refused(_NO_FORM)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20))
    except ValueError:
        raise Refused(_NO_FORM) from None
