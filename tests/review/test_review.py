"""Reviewing on the running server: what is decided is on the disk, and everything else stays as it was."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from factcheck.cli import app
from factcheck.models import Report
from factcheck.report.schema import to_json
from factcheck.reviews import append_review, report_digest, review_now
from tests.report.samples import empty_report, rich_report, sample_report, small_report
from tests.review.running import Answer, running, running_alone


def written(folder: Path, report: Report, name: str = "one.json") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(report), encoding="utf-8")
    return path


def lines(report: Path) -> list[dict[str, object]]:
    """The decisions beside a report, without when and for which bytes."""
    found = (json.loads(line) for line in Path(f"{report}.reviews.jsonl").read_text(encoding="utf-8").splitlines())
    return [{name: value for name, value in line.items() if name not in ("at", "report")} for line in found]


def shown(answer: Answer) -> dict[str, str]:
    """The data attributes of the claim that an answer shows."""
    view = re.search(r'<div class="claim-view"([^>]*)>', answer.text)
    assert view is not None, answer.text
    return dict(re.findall(r'data-([a-z]+)="([^"]*)"', view[1]))


def said(answer: Answer) -> str:
    found = re.search(r'<p id="said"[^>]*>([^<]*)', answer.text)
    assert found is not None
    return found[1]


def test_a_decision_is_on_the_disk_before_the_page_says_so_and_the_report_stays_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    before = path.read_bytes()
    with running_alone(path) as (client, process):
        client.log_in()
        answer = client.decide("accept", claim=1)
        process.kill()
        assert answer.status == 200
        assert said(answer) == "Saved: claim 1 accepted."
    expected = {"claim": "s1.1", "decision": "accept", "label": "contradicted", "said": "contradicted", "comment": ""}
    assert lines(path) == [expected | {"reviewer": "Ada"}]
    assert path.read_bytes() == before


def test_after_a_decision_comes_the_next_claim_without_one_unless_the_reviewer_stays(tmp_path: Path) -> None:
    with running(written(tmp_path, small_report())) as client:
        client.log_in()
        report = client.report()
        assert shown(client.decide("supported", claim=1))["claim"] == "2"
        digest = re.search(r'name="report" value="(\w+)"', client.get(report).text)
        assert digest is not None
        fields = {"report": digest[1], "claim": 2, "decision": "accept"}
        stayed = client.post(f"{report}/decision?stay=1", fields, HX_Request="true")
        assert {"claim": "2", "state": "accepted", "states": "oa"}.items() <= shown(stayed).items()
        assert "All 2 claims are reviewed" in stayed.text


def test_a_label_that_the_engine_gave_too_is_an_acceptance(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        client.log_in().decide("contradicted", claim=1)
    assert lines(path)[0]["decision"] == "accept"


def test_a_comment_goes_with_a_decision_or_alone(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        client.log_in()
        client.decide("supported", claim=1, comment="Die Quelle ist von 2022 – siehe\r\nSeite 3.\U0001f6f0")
        alone = client.decide("comment", claim=2, comment="<b>really?</b>")
        assert said(alone) == "Saved: claim 2 commented on."
        assert "&lt;b&gt;really?&lt;/b&gt;" in alone.text
        assert shown(alone)["state"] == ""
    assert [(line["decision"], line["comment"]) for line in lines(path)] == [
        ("overrule", "Die Quelle ist von 2022 – siehe\nSeite 3.\U0001f6f0"),
        ("comment", "<b>really?</b>"),
    ]


def test_undo_is_another_line_and_takes_back_the_last_one(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        client.log_in().decide("supported", claim=1)
        taken_back = client.decide("undo", claim=1)
        assert {"claim": "1", "state": "", "ending": "contradicted"}.items() <= shown(taken_back).items()
        assert said(taken_back) == "Taken back: claim 1 is no longer overruled to supported by you."
        assert client.decide("undo", claim=1).status == 400
    assert [line["decision"] for line in lines(path)] == ["overrule", "undo"]


def test_the_page_offers_to_undo_what_was_decided_last_wherever_that_was(tmp_path: Path) -> None:
    with running(written(tmp_path, small_report())) as client:
        moved_on = client.log_in().decide("supported", claim=1)
    form = moved_on.text.split('<form id="undo"')[1].split("</form>")[0]
    assert shown(moved_on)["claim"] == "2"
    assert 'name="claim" value="1"' in form


def test_two_reviewers_both_count_and_their_difference_shows(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path, reviewer="Ada") as ada, running(path, reviewer="Grace") as grace:
        ada.log_in().decide("accept", claim=1)
        answer = grace.log_in().decide("supported", claim=1)
        assert shown(answer)["states"] == "d-"
        page = ada.get(f"{ada.report()}?claim=1").text
        assert "Grace" in page
        assert shown(ada.get(f"{ada.report()}/claim?claim=1"))["state"] == "disputed"
        assert 'data-matches="10"' in ada.get(f"{ada.report()}?state=disputed").text


def test_a_report_written_anew_takes_no_decision_made_on_the_old_one(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        report = client.log_in().report()
        digest = report_digest(path.read_bytes())
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        answer = client.post(
            f"{report}/decision", {"report": digest, "claim": 1, "decision": "accept"}, HX_Request="true"
        )
        assert (answer.status, answer.headers["HX-Retarget"]) == (409, "#notice")
        assert "Reload" in answer.text
        assert not Path(f"{path}.reviews.jsonl").exists()
        assert client.decide("accept", claim=1).status == 200


@pytest.mark.skipif(os.geteuid() != 0 and not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_decision_that_cannot_be_written_is_not_called_saved(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    Path(f"{path}.reviews.jsonl").mkdir()
    with running(path) as client:
        client.log_in()
        digest = report_digest(path.read_bytes())
        fields = {"report": digest, "claim": 1, "decision": "accept"}
        answer = client.post(f"{client.report()}/decision", fields, HX_Request="true")
        assert answer.status == 422
        assert "Saved" not in answer.text
        assert client.get("/").status == 303


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"decision": "accept", "claim": 99}, 404),
        ({"decision": "accept", "claim": "-1"}, 404),
        ({"decision": "accept", "claim": "١"}, 404),
        ({"decision": "delete", "claim": 1}, 400),
        ({"claim": 1}, 400),
        ({"decision": "comment", "claim": 1, "comment": "  "}, 400),
        ({"decision": "comment", "claim": 1, "comment": "x" * 10_001}, 400),
        ({"decision": "undo", "claim": 1}, 400),
    ],
)
def test_what_the_page_would_never_send_saves_nothing(tmp_path: Path, fields: dict[str, object], status: int) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        report = client.log_in().report()
        answer = client.post(f"{report}/decision", {"report": report_digest(path.read_bytes()), **fields})
        assert answer.status == status
        assert "Traceback" not in answer.text
    assert not Path(f"{path}.reviews.jsonl").exists()


def test_a_failed_check_can_be_given_a_label_but_not_accepted(tmp_path: Path) -> None:
    report = sample_report()
    number = next(n for n, outcome in enumerate(report.outcomes, start=1) if outcome.failure is not None)
    path = written(tmp_path, report)
    with running(path) as client:
        client.log_in()
        assert "no verdict to accept" in client.get(f"{client.report()}?claim={number}").text
        assert client.decide("accept", claim=number).status == 400
        assert client.decide("supported", claim=number).status == 200
    assert [(line["said"], line["label"]) for line in lines(path)] == [(None, "supported")]


def test_get_changes_nothing(tmp_path: Path) -> None:
    written(tmp_path, rich_report())
    written(tmp_path, small_report(), "below/two.json")
    (tmp_path / "broken.json").write_text('{"schema_version": "1.0"', encoding="utf-8")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if path.is_file()}
    with running(tmp_path) as client:
        client.log_in()
        seen: set[str] = set()
        waiting = ["/", "/list", "/next"]
        while waiting:
            path = waiting.pop()
            seen.add(path)
            answer = client.get(path)
            found = re.findall(r'(?:href|hx-get|action|hx-post|src)="(/[^"]*)"', answer.text)
            found += [answer.headers["Location"]] if answer.headers["Location"] else []
            links = {link.replace("&amp;", "&").partition("#")[0] for link in found}
            waiting += [link for link in links if link not in seen and link not in waiting]
        assert sum("/claim" in path for path in seen) > 12
        assert any("/source" in path for path in seen)
        assert any("/decision" in path for path in seen)
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_the_document_is_on_the_page_whole_and_every_claim_has_its_place(tmp_path: Path) -> None:
    report = rich_report()
    with running(written(tmp_path, report)) as client:
        page = client.log_in().get(client.report()).text
    numbers = re.findall(r'<a class="ref"[^>]*data-claim="(\d+)"', page)
    assert sorted(map(int, numbers)) == list(range(1, len(report.outcomes) + 1))


def test_a_report_without_claims_has_a_page(tmp_path: Path) -> None:
    with running(written(tmp_path, empty_report())) as client:
        page = client.log_in().get(client.report())
    assert page.status == 200
    assert "holds no claim" in page.text


def test_without_a_script_the_form_leads_back_to_the_page(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        report = client.log_in().report()
        fields = {"report": report_digest(path.read_bytes()), "claim": 1, "decision": "accept"}
        answer = client.post(f"{report}/decision?label=contradicted", fields)
        assert (answer.status, answer.headers["Location"]) == (303, f"{report}?label=contradicted&claim=1&saved=1")
        assert "Saved: your decision on claim 1" in client.get(answer.headers["Location"]).text


def decide_directly(path: Path, claim: str) -> None:
    from datetime import UTC, datetime

    digest = report_digest(path.read_bytes())
    append_review(path, review_now(digest, claim, "contradicted", "supported", "Grace", datetime.now(UTC)))


def test_decisions_of_others_are_there_at_the_next_look(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        client.log_in()
        assert shown(client.get(f"{client.report()}/claim?claim=1"))["states"] == "--"
        decide_directly(path, "s1.1")
        assert {"states": "o-", "endings": "ss"}.items() <= shown(
            client.get(f"{client.report()}/claim?claim=1")
        ).items()


def test_decisions_of_an_older_report_and_cut_lines_are_told_and_count_for_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    decide_directly(path, "s1.1")
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with Path(f"{path}.reviews.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"claim": "s1')
    with running(path) as client:
        page = client.log_in().get(client.report()).text
        assert "1 decision belongs to another version" in page
        assert "1 line of the file of decisions cannot be read" in page
        assert "0 of 2 claims reviewed" in page


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_server_with_its_code_even_with_a_page_open(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with running_alone(written(tmp_path, small_report())) as (client, process):
        with socket.create_connection(("127.0.0.1", client.port)) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\n")
            process.send_signal(number)
            _, trouble = process.communicate()
        assert process.returncode == code
        assert "Traceback" not in trouble


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, small_report())
    with running(path) as client:
        second = CliRunner().invoke(app, ["review", str(path), "--no-browser", "--port", str(client.port)])
    assert (second.exit_code, second.stdout) == (2, "")
    assert second.stderr.startswith(f"factcheck: port {client.port} of this machine cannot be used")
    assert second.stderr.count("\n") == 1


def test_a_target_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["review", str(tmp_path / "none.json"), "--no-browser"])
    assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1)
    assert "does not exist" in ended.stderr


def test_the_name_under_decisions_is_the_one_given(tmp_path: Path) -> None:
    with running(written(tmp_path, small_report()), reviewer="Ada <Lovelace>") as client:
        assert "Ada &lt;Lovelace&gt;" in client.log_in().get(client.report()).text


def test_export_is_a_command_of_review_and_a_file_of_that_name_is_still_reviewed(tmp_path: Path) -> None:
    assert "review export" in CliRunner().invoke(app, ["review", "export", "--help"]).stdout
    ended = CliRunner().invoke(app, ["review", str(tmp_path / "export"), "--no-browser"])
    assert "export: does not exist; give a report" in ended.stderr
