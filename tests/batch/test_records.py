"""What is said of a report's gaps: what failed, and what could not be looked for."""

from __future__ import annotations

from factcheck.batch.records import trouble_of
from factcheck.models import Report, Search, Verdict, account
from tests.report.samples import small_report


def unverifiable_after(*, wider_search: bool) -> Report:
    """A report whose claims all stay unverifiable."""
    report = small_report()
    verdict = Verdict(label="unverifiable", reason="insufficient", rationale="")
    search = Search(queries=("one",), looked_wider=wider_search)
    outcomes = tuple(outcome.model_copy(update={"verdict": verdict, "search": search}) for outcome in report.outcomes)
    totals = account(report.sentences, outcomes, report.exclusions, report.failures)
    return report.model_copy(update={"outcomes": outcomes, "totals": totals})


def test_a_report_that_lacks_nothing_has_no_trouble() -> None:
    assert trouble_of(small_report()) == trouble_of(unverifiable_after(wider_search=True)) == ""


def test_a_store_that_left_before_the_wider_search_leaves_something_to_do() -> None:
    trouble = trouble_of(unverifiable_after(wider_search=False))
    assert trouble == "store_unreachable: no wider search for 2 unverifiable claims"
