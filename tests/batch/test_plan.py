"""What of a folder is a document, what is not and why; nothing of it is opened to find out."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from factcheck.batch.plan import Found, listed_paths, parted, plan, report_name
from factcheck.errors import ConfigError
from tests.batch.checking import write


def _told(entries: list[Found]) -> dict[str, str]:
    return {entry.relative: entry.problem.partition(":")[0] for entry in entries}


def test_documents_come_sorted_by_their_path_and_everything_else_with_a_reason(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", b="x", a="x", sub__c="x")
    (folder / "picture.png").write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "d.txt").write_text("x")
    (folder / ".e.txt").write_text("x")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(str(folder / "s.txt"))
        found = plan(folder)
    assert _told(found) == {
        ".e.txt": "hidden",
        ".git": "hidden",
        "a.txt": "",
        "b.txt": "",
        "picture.png": "format",
        "pipe.txt": "not_a_file",
        "s.txt": "not_a_file",
        "sub/c.txt": "",
    }
    assert [entry.relative for entry in found] == sorted(entry.relative for entry in found)


def test_links_are_read_once_and_never_lead_out_or_around(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="x")
    outside = write(tmp_path / "elsewhere", secret="x")
    links: dict[str, str | Path] = {
        "twin.txt": "a.txt",
        "out.txt": outside / "secret.txt",
        "up.txt": "../elsewhere/secret.txt",
        "gone.txt": "nothing.txt",
        "self.txt": "self.txt",
        "round": ".",
        "folder": outside,
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    found = plan(folder)
    assert {entry.relative for entry in found if not entry.problem} == {"a.txt"}
    reasons = {entry.relative: entry.problem for entry in found}
    assert reasons["twin.txt"] == "link: leads to 'a.txt', which is read itself"
    assert reasons["out.txt"] == reasons["up.txt"] == reasons["folder"] == "link: leads out of the folder"
    assert reasons["gone.txt"] == reasons["self.txt"] == "link: leads nowhere, or back to itself"
    assert reasons["round"] == "link: leads to a folder"


def test_a_link_to_a_hidden_file_of_the_folder_is_a_document_of_its_own(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="x")
    (folder / ".b.txt").write_text("x")
    (folder / "b.txt").symlink_to(".b.txt")
    assert _told(plan(folder)) == {".b.txt": "hidden", "a.txt": "", "b.txt": ""}


def test_names_of_any_kind_are_kept_apart_and_fit_for_a_record(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["two\nlines.txt", "-dash.txt", "ä" * 125 + ".txt", "a b.txt"]
    for name in names:
        (folder / name).write_text("x")
    undecodable = [b"bad\xff.txt", b"bad\xfe.txt"]
    for raw in undecodable:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + raw)).write_text("x")
    found = plan(folder)
    assert {entry.document for entry in found if entry.name_bytes is None} == set(names)
    assert {entry.name_bytes for entry in found if entry.name_bytes} == {raw.hex() for raw in undecodable}
    assert len({entry.name for entry in found}) == len(found) == 6
    assert {entry.document for entry in found if entry.name_bytes} == {"bad\ufffd.txt"}


def test_the_output_folder_is_passed_over_where_it_lies_inside(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="x", reports__a="x")
    assert _told(plan(folder, out=folder / "reports")) == {"a.txt": "", "reports": "output"}
    with pytest.raises(ConfigError, match="a folder of its own"):
        plan(folder, out=folder)


def test_a_very_deep_tree_is_walked_to_its_end(tmp_path: Path) -> None:
    folder, below = tmp_path / "in", "d/" * 1200
    try:
        subprocess.run(["mkdir", "-p", folder / below], check=True)
        (folder / below / "a.txt").write_text("x")
        assert [entry.relative for entry in plan(folder)] == [f"{below}a.txt"]
    finally:
        subprocess.run(["rm", "-rf", folder], check=True)  # deeper than pytest can remove


def test_what_is_no_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a="x")
    with pytest.raises(ConfigError, match="no such folder"):
        plan(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="factcheck check"):
        plan(folder / "a.txt")


# A list of files


def test_a_list_by_lines_or_by_nul_names_files_with_spaces_newlines_and_odd_bytes() -> None:
    assert listed_paths(b"a.txt\r\nb c.txt\n\n") == [Path("a.txt"), Path("b c.txt")]
    assert listed_paths(b"a\nb.txt\0\xff.txt\0") == [Path("a\nb.txt"), Path(os.fsdecode(b"\xff.txt"))]


def test_listed_files_are_planned_once_each_and_what_is_not_there_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in", a="x", b="x", sub__c="x")
    monkeypatch.chdir(tmp_path)
    given = [Path("in/sub/c.txt"), Path("in/a.txt"), Path("in/sub/../a.txt"), Path("in/gone.txt"), Path("in/sub")]
    found = plan(Path("in"), files=given)
    assert [(entry.relative, entry.problem.partition(":")[0], entry.is_error) for entry in found] == [
        ("a.txt", "", False),
        ("gone.txt", "unreadable", True),
        ("sub", "folder", False),
        ("sub/c.txt", "", False),
    ]


@pytest.mark.parametrize("given", ["../secret.txt", "sub/../../secret.txt", "/etc/passwd", "link/secret.txt", "."])
def test_a_listed_file_outside_of_the_folder_is_refused(tmp_path: Path, given: str) -> None:
    folder = write(tmp_path / "in", sub__a="x")
    write(tmp_path, secret="x")
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(ConfigError, match="not in the folder"):
        plan(folder, files=[folder / given])


def test_a_list_of_all_changes_is_parted_into_the_folder_and_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in", a="x")
    write(tmp_path, other="x")
    (tmp_path / "in" / "out.txt").symlink_to(tmp_path / "other.txt")
    monkeypatch.chdir(tmp_path)
    here, elsewhere = parted(
        Path("in"), [Path("in/a.txt"), Path("other.txt"), Path("in/out.txt"), Path("no.txt"), Path("in")]
    )
    assert list(map(str, here)) == ["in/a.txt", "in/out.txt", "no.txt"]
    assert list(map(str, elsewhere)) == ["other.txt", "in"]


# Since a commit


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_since_a_commit_means_changed_new_and_renamed_but_neither_deleted_nor_ignored(tmp_path: Path) -> None:
    folder = write(tmp_path / "docs", same="x", edited="x", staged="x", deleted="x", old="y " * 50)
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-qm", "one")
    write(folder, edited="changed", staged="changed")
    write(tmp_path, beside="new, and not in the folder")
    write(folder, sub__new="new", ignored="new")
    (folder / "new\nline.txt").write_text("new")
    (folder / ".gitignore").write_text("ignored.txt\n")
    (folder / "deleted.txt").unlink()
    _git(folder, "mv", "old.txt", "moved.txt")
    _git(folder, "add", "staged.txt")
    found = plan(folder, since="HEAD")
    documents = [entry.relative for entry in found if not entry.problem]
    assert documents == ["edited.txt", "moved.txt", "new\nline.txt", "staged.txt", "sub/new.txt"]


@pytest.mark.parametrize("ref", ["no-such-branch", "--output=x", "HEAD; touch x", ""])
def test_a_commit_that_git_does_not_know_is_refused_and_nothing_is_written(tmp_path: Path, ref: str) -> None:
    folder = write(tmp_path / "in", a="x")
    _git(folder, "init", "-q")
    _git(folder, "add", ".")
    _git(folder, "commit", "-qm", "one")
    with pytest.raises(ConfigError, match="--since"):
        plan(folder, since=ref)
    assert sorted(os.listdir(folder)) == [".git", "a.txt"]


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--since HEAD"):
        plan(write(tmp_path / "in", a="x"), since="HEAD")


# Names of reports


def test_a_report_mirrors_the_tree_under_the_full_name_of_its_document(tmp_path: Path) -> None:
    assert report_name(tmp_path, "sub/deep/a.md") == "sub/deep/a.md.json"
    assert report_name(tmp_path, "a.txt") != report_name(tmp_path, "a.md")


def test_names_too_long_for_a_file_are_told_apart_by_a_hash(tmp_path: Path) -> None:
    one, other = "ü" * 125 + "a.txt", "ü" * 125 + "b.txt"
    names = [report_name(tmp_path, name) for name in (one, other)]
    assert len(set(names)) == 2
    assert all(len(os.fsencode(name)) + len(".reviews.jsonl") <= 255 for name in names)
    assert all(name.startswith("ü" * 90) and name.endswith(".json") for name in names)


def test_no_report_takes_the_place_of_a_folder_or_of_a_file_of_ours(tmp_path: Path) -> None:
    write(tmp_path, **{"a.md.json__b": "x"})
    assert report_name(tmp_path, "a.md").startswith("a.md~")
    assert report_name(tmp_path, "a.md.json/b.txt") == "a.md.json/b.txt.json"
    assert report_name(tmp_path, "summary.md/a.txt").startswith("summary.md~")
    assert report_name(tmp_path, "sub/summary.md/a.txt") == "sub/summary.md/a.txt.json"
