"""A result is written whole, read back as it was, and another file is refused by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eval.compare import compare
from eval.records import DatasetInfo, EvalProvenance, Result, SampleResult
from eval.results import read, without_text, write
from factcheck.errors import ConfigError

RESULT = Result(
    task="verdict",
    datasets=(DatasetInfo(name="x", tier="user", scheme="three", digest="0", samples=1),),
    samples=(
        SampleResult(
            id="1", dataset="x", about="a", language="de", input="Größe „312“", gold="supported", label="supported"
        ),
    ),
    tables=(),
    seconds=1.5,
    conclusion="Nothing.",
    provenance=EvalProvenance(
        factcheck="0",
        commit=None,
        command="python -m eval run verdict",
        engine="local",
        model=None,
        answered_by="the local engine",
        parameters={},
        prompts={},
        settings={},
        seed=1,
        created=datetime(2025, 11, 3, tzinfo=UTC),
    ),
)


@pytest.mark.parametrize("name", ["result.json", "result.json.gz"])
def test_a_result_comes_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, RESULT)
    assert read(tmp_path / name) == RESULT
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["result.json", "result.json.gz"])
def test_the_same_result_is_the_same_bytes(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, RESULT)
    first = (tmp_path / name).read_bytes()
    write(tmp_path / name, RESULT)
    assert (tmp_path / name).read_bytes() == first


def test_a_packed_result_is_packed(tmp_path: Path) -> None:
    write(tmp_path / "result.json.gz", RESULT)
    assert (tmp_path / "result.json.gz").read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", b"{", "not a result of eval run"),
        ("a.json", b'{"task": "verdict"}', "not a result of eval run"),
        ("a.json", b"\xff\xfe", "not a result of eval run"),
        ("a.json.gz", b"no gzip", "cannot be read as a result"),
        ("missing.json", None, "cannot be read as a result"),
    ],
)
def test_a_file_that_is_no_result_is_named(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says) as error:
        read(path)
    assert str(path) in str(error.value)


def test_a_result_that_lost_a_sample_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path / "a.json", RESULT)
    row = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    (tmp_path / "a.json").write_text(json.dumps({**row, "samples": []}), encoding="utf-8")
    with pytest.raises(ConfigError, match="the data sets hold 1 samples, the result 0"):
        read(tmp_path / "a.json")


def test_without_the_words_of_others_a_result_still_pairs_with_one_that_has_them() -> None:
    bare = without_text(RESULT)
    assert "312" not in bare.model_dump_json()
    paired = compare(bare, RESULT)
    assert (paired.altered, paired.paired) == ((), 1)
    other = RESULT.model_copy(update={"samples": (RESULT.samples[0].model_copy(update={"input": "else"}),)})
    assert compare(bare, other).altered == ("1",)


def test_our_own_words_stay_in_a_result_without_the_words_of_others() -> None:
    ours = RESULT.model_copy(update={"datasets": (RESULT.datasets[0].model_copy(update={"tier": "own"}),)})
    assert without_text(ours) == ours
