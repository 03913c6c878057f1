"""A report read again is believed only where everything in it still fits together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factcheck.errors import ConfigError
from factcheck.report.schema import read_report, to_json
from tests.report.samples import sample_report

REPORT = sample_report()


def _cited(report: Any) -> Any:
    return next(o["verdict"] for o in report["outcomes"] if o["verdict"] and o["verdict"]["citations"])


def _flip(report: Any) -> None:
    verdict = _cited(report)
    verdict["label"] = "supported" if verdict["label"] == "contradicted" else "contradicted"


TAMPERED: dict[str, tuple[Callable[[Any], object], str]] = {
    "quote": (lambda r: _cited(r)["citations"][0].update(quote="Never said."), "cites words that are not in passage"),
    "label": (_flip, "needs citations that say so"),
    "totals": (lambda r: r["totals"].update(supported=r["totals"]["supported"] + 1), "totals do not add up"),
    "lost claim": (lambda r: r["outcomes"].pop(), "sentences without an end"),
    "text": (lambda r: r["document"].update(text=r["document"]["text"].swapcase()), "text was changed after the check"),
    "old schema": (lambda r: r.update(schema_version="0.9"), "a report of schema 0.9, and this factcheck reads 1.0"),
}


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(to_json(REPORT), encoding="utf-8")
    assert read_report(tmp_path / "report.json") == REPORT


@pytest.mark.parametrize("what", TAMPERED)
def test_a_report_that_was_tampered_with_is_refused_in_one_line(what: str, tmp_path: Path) -> None:
    tamper, said = TAMPERED[what]
    report = json.loads(to_json(REPORT))
    tamper(report)
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"report\.json: .*{said}") as refused:
        read_report(tmp_path / "report.json")
    assert len(str(refused.value).splitlines()) == 1
