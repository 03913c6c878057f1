"""Samples in a file: as people reviewed them, or as cases were made of a user's references."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.datasets.choosing import Wanted
from eval.datasets.loading import claim_sets
from eval.records import Sample
from factcheck.errors import ConfigError

SAMPLE: dict[str, Any] = {
    "id": "review/1",
    "dataset": "reviewed",
    "about": "article.md",
    "claim": "The bridge is 312 metres long.",
    "language": "en",
    "label": "supported",
    "evidence": [{"doc_id": "bridge.md", "title": "Bridge", "text": "The bridge is 312 metres long."}],
}
REVIEWED = {
    "sample": SAMPLE,
    "reviewed": {"reviewer": "R. Miller", "at": "2025-11-03T10:00:00Z", "decision": "overrule", "said": "unverifiable"},
}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_reviewed_verdicts_are_samples_like_any_other(tmp_path: Path) -> None:
    path = written(tmp_path / "samples.jsonl", REVIEWED, {**SAMPLE, "id": "review/2"})
    (data,) = claim_sets(Wanted(path))
    first = Sample.model_validate(SAMPLE)
    assert data.samples == (first, first.model_copy(update={"id": "review/2"}))
    assert (data.info.name, data.info.tier, data.info.scheme, data.info.samples) == ("reviewed", "user", "three", 2)


def test_each_name_in_the_file_is_a_set(tmp_path: Path) -> None:
    other = {**SAMPLE, "id": "b", "dataset": "contrast:bridges"}
    path = written(tmp_path / "samples.jsonl", SAMPLE, other)
    assert [data.info.name for data in claim_sets(Wanted(path))] == ["reviewed", "contrast:bridges"]
    assert [data.info.name for data in claim_sets(Wanted(path, sets=("contrast:bridges",)))] == ["contrast:bridges"]


def test_a_limit_does_not_tear_a_group(tmp_path: Path) -> None:
    rows = [{**SAMPLE, "id": f"{g}{n}", "group": g} for g in "abcdef" for n in range(3)]
    (data,) = claim_sets(Wanted(written(tmp_path / "cases.jsonl", *rows), limit=6))
    assert [sum(sample.group == g for sample in data.samples) for g in sorted({s.group for s in data.samples})] == [
        3,
        3,
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**SAMPLE, "label": "true"}, "line 2: label: "),
        ({**SAMPLE, "lable": "supported"}, "line 2: lable: "),
        ({**REVIEWED, "reviewed": {**REVIEWED["reviewed"], "decision": "shrug"}}, "line 2: reviewed.decision: "),
        (SAMPLE, "the id review/1 stands twice"),
        ({**SAMPLE, "id": "b", "label": "not_supported", "dataset": "x"}, ""),
    ],
)
def test_a_line_that_is_no_sample_is_named(tmp_path: Path, row: dict[str, Any], says: str) -> None:
    path = written(tmp_path / "samples.jsonl", SAMPLE, row)
    if not says:
        assert [data.info.scheme for data in claim_sets(Wanted(path))] == ["three", "binary"]
        return
    with pytest.raises(ConfigError) as error:
        claim_sets(Wanted(path))
    assert str(path) in str(error.value)
    assert says in str(error.value)


def test_labels_of_two_schemes_in_one_set_are_an_error(tmp_path: Path) -> None:
    mixed = {**SAMPLE, "id": "b", "label": "not_supported"}, {**SAMPLE, "id": "c", "label": "contradicted"}
    with pytest.raises(ConfigError, match="not_supported stands beside contradicted"):
        claim_sets(Wanted(written(tmp_path / "samples.jsonl", *mixed)))


def test_a_file_of_samples_brings_no_documents_to_search_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no documents to search in"):
        claim_sets(Wanted(written(tmp_path / "samples.jsonl", SAMPLE)), with_corpus=True)
