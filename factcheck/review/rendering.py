"""Templates to HTML: everything that is not markup of our own is escaped."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse

from factcheck.report.html import compact
from factcheck.report.words import source_name
from factcheck.review.decisions import told
from factcheck.review.problems import Problem
from factcheck.text import printable

PROBLEM_STYLE: Final = files("factcheck.review").joinpath("templates", "problem.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("factcheck.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "seen": lambda text: printable(text, newlines=True),
        "first_upper": lambda text: text[:1].upper() + text[1:],
        "source": source_name,
        "told": told,
        "compact": compact,
        "day": lambda at: at.astimezone().strftime("%Y-%m-%d %H:%M"),
    }
    return environment


def render(template: str, **values: Any) -> str:
    """The page or part of a page; a value that the template names and nobody gave is an error."""
    return _environment().get_template(template).render(**values)


def problem_response(problem: Problem, headers: Headers) -> HTMLResponse:
    """The problem for whoever asked: htmx puts it where notices stand, and leaves the rest of the page alone."""
    if headers.get("hx-request") == "true":
        return HTMLResponse(
            render("notice.html", problem=problem),
            problem.status,
            {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"},
        )
    return HTMLResponse(render("problem.html", problem=problem, style=PROBLEM_STYLE), problem.status)
