"""A report has a place of its own to go, known before anything is spent; nothing that stands there is lost."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from factcheck.cli.out import require_writable, write_out
from factcheck.errors import ConfigError
from factcheck.report.schema import write_whole


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("-", "-"), "only one report can go to stdout"),
        (("out.md", "./out.md"), "only one report can go to out.md"),
        (("article.md",), "this is the file to be read"),
        (("link.md",), "this is the file to be read"),
        (("folder",), "a folder; give a file"),
        (("folder/",), "a folder; give a file"),
        (("",), "a folder; give a file"),
        (("missing/out.md",), "the folder to write to does not exist"),
    ],
)
def test_a_report_that_has_nowhere_to_go_is_said_before_the_check(
    names: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "article.md").write_text("words", encoding="utf-8")
    (tmp_path / "link.md").symlink_to("article.md")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=said):
        require_writable(*names, source="article.md")


def test_a_report_may_take_the_place_of_an_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.md").write_text("old", encoding="utf-8")
    require_writable("-", "out.md", None, source="article.md")
    write_out("out.md", "new")
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("out.md", "new")]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, "a report")
        assert os.read(reader, 100) == b"a report"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "target.md", tmp_path / "link.md"
    target.write_text("old", encoding="utf-8")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text("utf-8") == "new"


def test_trouble_in_writing_names_the_file_asked_for_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "file").write_text("", encoding="utf-8")
    for name in ("folder.md", "file/out.md", "missing/out.md"):
        with pytest.raises(ConfigError, match=rf"^{re.escape(str(tmp_path / name))}: cannot be written \(\w"):
            write_whole(tmp_path / name, "words")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder.md"]
