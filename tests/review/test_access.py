"""Who gets an answer from the running server, and who does not."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from factcheck.report.schema import to_json
from tests.report.samples import small_report
from tests.review.running import Client, running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reports")
    (made / "one.json").write_text(to_json(small_report()), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    with running(folder / "one.json") as made:
        yield made.log_in()


def routes(client: Client) -> list[str]:
    report = client.report()
    return [
        "/", "/list", "/next", report, f"{report}/claim?claim=1", f"{report}/source?claim=1&place=0",
        f"{report}/decision", "/static/review.css", "/static/review.js", "/static/htmx.min.js", "/nothing",
    ]  # fmt: skip


def test_the_token_is_exchanged_once_for_a_cookie_that_no_script_and_no_other_site_can_use(folder: Path) -> None:
    with running(folder / "one.json") as client:
        first = client.ask("GET", client.first_path)
        assert (first.status, first.headers["Location"]) == (303, "/")
        value, *flags = first.headers["Set-Cookie"].split("; ")
        assert flags == ["Path=/", "HttpOnly", "SameSite=Strict"]
        again = client.ask("GET", client.first_path)
        assert again.status == 403
        assert "Set-Cookie" not in again.headers
        assert "used already" in again.text
        assert "start it again" in again.text
        client.cookie = value
        assert client.get("/").status == 303
        assert client.get(client.first_path).headers["Location"] == "/"  # a reload of the printed address


def test_a_look_ahead_with_head_does_not_use_the_token_up(folder: Path) -> None:
    with running(folder / "one.json") as client:
        assert client.ask("HEAD", client.first_path).status == 403
        assert client.ask("GET", client.first_path).status == 303


def test_a_restart_gives_a_new_token_and_a_new_cookie(folder: Path, client: Client) -> None:
    with running(folder / "one.json") as other:
        assert other.first_path != client.first_path
        other.cookie = client.cookie.replace(str(client.port), str(other.port))
        assert other.get("/").status == 403


@pytest.mark.parametrize(
    "cookie", [None, "", "factcheck_review=1", "factcheck_review_{port}=", "factcheck_review_{port}=x"]
)
def test_no_route_answers_without_the_cookie(client: Client, cookie: str | None) -> None:
    sent = cookie and cookie.format(port=client.port)
    answers = {path: client.ask("GET", path, {"Cookie": sent}) for path in routes(client)}
    assert {path: answer.status for path, answer in answers.items()} == dict.fromkeys(answers, 403)
    assert not any("India" in answer.text or "--paper" in answer.text for answer in answers.values())


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "localhost", "127.0.0.1:1", "evil.example:{port}", "127.0.0.1:{port}.evil", "", None],
)
def test_another_host_name_is_refused_on_every_route(client: Client, host: str | None) -> None:
    sent = None if host is None else host.format(port=client.port)
    statuses = {path: client.ask("GET", path, {"Host": sent}).status for path in routes(client)}
    refused = 400 if host is None else 403  # HTTP/1.1 without a host is no request at all
    assert statuses == dict.fromkeys(statuses, refused)


def test_localhost_is_another_name_of_this_machine(client: Client) -> None:
    assert client.get("/", Host=f"localhost:{client.port}").status == 303


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://localhost:{port}"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_a_foreign_origin_is_refused_on_every_route(client: Client, origin: str, method: str) -> None:
    sent = {"Origin": origin.format(port=client.port)}
    answers = [client.ask(method, path, sent) for path in routes(client)]
    assert [answer.status for answer in answers] == [403] * len(answers)
    assert not [name for answer in answers for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_embeds_or_fetches_is_refused(client: Client, site: str) -> None:
    embedded = [client.get(path, Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors") for path in routes(client)]
    assert [answer.status for answer in embedded] == [403] * len(embedded)
    assert client.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 303


def test_a_decision_needs_the_origin_of_the_page(client: Client, folder: Path) -> None:
    report = client.report()
    for origin in (None, "null", "http://evil.example"):
        assert client.post(f"{report}/decision", {"decision": "accept", "claim": 1}, Origin=origin).status == 403
    assert not (folder / "one.json.reviews.jsonl").exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "POST"])
def test_other_methods_do_nothing(client: Client, method: str) -> None:
    for path in (client.report(), "/", "/static/review.js"):
        assert client.ask(method, path, {"Origin": client.origin}).status == 405


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    problem = client.ask("GET", "/", {"Cookie": None}).text
    inline = re.findall(r"<style>(.*?)</style>", problem, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in inline]
    expected = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'self'; style-src 'self' 'sha256-{hashes[0]}';"
        " connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    refused = client.ask("GET", "/", {"Host": "evil.example"})
    for answer in [*(client.get(path) for path in routes(client)), refused]:
        assert {name: answer.headers[name] for name in expected} == expected
        assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pages.py", "/static/..%2fpages.py", "/static/%2e%2e/pages.py", "/static//etc/passwd",
        "/r/../../etc/passwd", "/r/..%2f..%2fetc%2fpasswd", "/r/one.json", "/r/%2fetc%2fpasswd", "/etc/passwd",
        "http://evil.example/", "//evil.example/", "/r/", "/r/%00", "/static/review.js%00.css",
    ],
)  # fmt: skip
def test_no_path_leads_out(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status == 404
    assert "root:" not in answer.text


def test_a_long_body_is_refused_however_it_is_announced(client: Client, folder: Path) -> None:
    path = f"{client.report()}/decision"
    form = {"Origin": client.origin, "Content-Type": "application/x-www-form-urlencoded"}
    assert client.ask("POST", path, form, b"comment=" + b"x" * 70_000).status == 413
    assert client.ask("POST", path, {**form, "Content-Length": "99999999999"}, b"").status == 413
    chunked = b"11000\r\n" + b"x" * 0x11000 + b"\r\n0\r\n\r\n"
    sent = {**form, "Transfer-Encoding": "chunked", "Content-Length": None}
    assert client.ask("POST", path, sent, chunked).status == 413
    assert not (folder / "one.json.reviews.jsonl").exists()


def test_what_is_no_http_does_not_bring_the_server_down(client: Client) -> None:
    for rubbish in (b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 200_000, b""):
        with socket.create_connection(("127.0.0.1", client.port), timeout=30) as connection:
            try:
                connection.sendall(rubbish)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass
            except ConnectionError:
                pass
    assert client.get("/").status == 303


def test_only_this_machine_is_listened_on(client: Client) -> None:
    listening = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    local = [line.split()[1] for line in listening if line.split()[3] == "0A"]
    assert [address for address in local if address.endswith(f":{client.port:04X}")] == [f"0100007F:{client.port:04X}"]
