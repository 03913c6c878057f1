"""Public sets are read as their folder describes them, and a file that is not is named with its line."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pytest

from eval.datasets.choosing import Wanted
from eval.datasets.loading import claim_sets
from eval.datasets.public import left_out
from eval.parts import part_of
from eval.records import GoldQuote, Reference, Sample
from factcheck.errors import ConfigError
from tests.evaluation.folders import row, write_index, write_rows

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of public sets is not here: ../shared/data")
LABELS = ("supported", "contradicted", "unverifiable")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_rows(tmp_path / "towns" / "all.jsonl.gz", [row(n, LABELS[n % 3]) for n in range(30)])
    (tmp_path / "towns" / "README.md").write_text("# towns\n\nLicence: CC0, as they say.\n", encoding="utf-8")
    write_rows(tmp_path / "nc" / "pairs" / "dev.binary.jsonl", [row(1, "supported"), row(2, "not_supported")])
    write_rows(tmp_path / "towns" / "disputed.jsonl", [row(1, "disputed")])
    write_index(
        tmp_path,
        ("towns/all.jsonl.gz", "verdict", "free", "three"),
        ("towns/disputed.jsonl", "verdict", "free", "aside"),
        ("nc/pairs/dev.binary.jsonl", "verdict", "nc", "binary"),
        ("towns/texts.jsonl", "claims", "free", None),
    )
    return tmp_path


def test_every_file_of_verdicts_is_a_set_with_its_scheme_and_tier(folder: Path) -> None:
    infos = [data.info for data in claim_sets(Wanted(folder, part="all"))]
    assert [(info.name, info.scheme, info.tier, info.samples, info.licence) for info in infos] == [
        ("towns/all", "three", "free", 30, "CC0, as they say."),
        ("nc/pairs/dev", "binary", "nc", 2, ""),
    ]


def test_labels_of_their_own_are_left_out_and_said_so(folder: Path) -> None:
    assert left_out(Wanted(folder)) == ("towns/disputed",)
    assert left_out(Wanted(folder, sets=("pairs",))) == ()


def test_a_line_becomes_a_sample_with_its_evidence(folder: Path) -> None:
    (data,) = claim_sets(Wanted(folder, sets=("towns",), part="all"))
    assert data.samples[1] == Sample(
        id="towns/all/r1",
        dataset="towns/all",
        about="Page 1",
        claim="Claim 1.",
        language="en",
        label="contradicted",
        evidence=(Reference(doc_id="d1", title="Page 1", text="Text 1.", language="en"),),
    )


def test_the_parts_of_a_set_share_no_page_and_are_the_whole_set(folder: Path) -> None:
    parts = {
        part: {
            sample.about for data in claim_sets(Wanted(folder, sets=("towns",), part=part)) for sample in data.samples
        }
        for part in ("train", "dev", "test")
    }
    assert sum(map(len, parts.values())) == 30
    assert len(set.union(*parts.values())) == 30
    assert all(part_of("towns/all.jsonl.gz", about) == part for part, names in parts.items() for about in names)


def test_figures_are_read_off_the_test_part_unless_asked_otherwise(folder: Path) -> None:
    (data,) = claim_sets(Wanted(folder, sets=("towns",)))
    assert data.info.part == "test"
    assert 0 < data.info.samples == len(data.samples) < 30


def test_the_folder_of_one_set_will_do(folder: Path) -> None:
    inside = claim_sets(Wanted(folder / "towns", part="all"))
    assert [data.info.name for data in inside] == ["towns/all"]


def test_a_folder_without_an_index_is_the_users_own_and_has_no_parts(tmp_path: Path) -> None:
    write_rows(tmp_path / "mine" / "claims.jsonl", [row(1, "supported"), row(2, "contradicted")])
    write_rows(tmp_path / "mine" / "corpus.jsonl", [{"doc_id": "d1", "title": "Page 1", "text": "Text 1."}])
    (data,) = claim_sets(Wanted(tmp_path / "mine"), with_corpus=True)
    assert (data.info.tier, data.info.scheme, data.info.samples, data.info.part) == ("user", "two", 2, "all")
    assert data.corpus == (Reference(doc_id="d1", title="Page 1", text="Text 1."),)
    assert [sample.documents for sample in data.samples] == [("d1",), ()]


def test_marked_sentences_of_the_corpus_become_gold_quotes(tmp_path: Path) -> None:
    corpus = {"doc_id": "d1", "title": "", "text": "One. Two. Three.", "sentences": ["One.", "Two.", "Three."]}
    write_rows(tmp_path / "mine" / "corpus.jsonl", [corpus])
    marked = {"rationale": {"d1": [0, 2]}}
    write_rows(tmp_path / "mine" / "a.jsonl", [row(1, "contradicted", meta=marked), row(2, "unverifiable", meta={})])
    (data,) = claim_sets(Wanted(tmp_path / "mine"))
    assert [sample.quotes for sample in data.samples] == [
        tuple(GoldQuote(doc_id="d1", quote=text, stance="contradicts") for text in ("One.", "Three.")),
        (),
    ]


def test_a_limit_draws_whole_pages_and_draws_them_again(tmp_path: Path) -> None:
    rows = [row(n, "supported", meta={"page": f"Page {n // 4}"}) for n in range(40)]
    write_rows(tmp_path / "mine" / "a.jsonl", rows)
    (data,) = claim_sets(Wanted(tmp_path / "mine", limit=12))
    assert set(Counter(sample.about for sample in data.samples).values()) == {4}
    assert (len(data.samples), data.info.samples) == (12, 12)
    assert claim_sets(Wanted(tmp_path / "mine", limit=12))[0].samples == data.samples


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"{not json", "not JSON"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"id": "x", "evidence": []}', "there is no 'label'"),
        (b'{"id": "x", "claim": "c", "evidence": [], "label": "perhaps", "lang": "en"}', "label 'perhaps' is none of"),
        (b'{"id": "x", "claim": "", "evidence": [], "label": "supported", "lang": "en"}', "claim: "),
        (b'{"id": "x", "claim": "c", "evidence": [{}], "label": "supported", "lang": "en"}', "there is no 'doc_id'"),
    ],
)
def test_a_bad_line_is_named_with_file_and_number(folder: Path, line: bytes, says: str) -> None:
    path = folder / "towns" / "all.jsonl.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + line + b"\n"))
    with pytest.raises(ConfigError) as error:
        claim_sets(Wanted(folder, part="all"))
    assert f"{path}, line 31: " in str(error.value)
    assert says in str(error.value)


def test_a_file_that_breaks_off_is_an_error_and_not_a_shorter_set(folder: Path) -> None:
    path = folder / "towns" / "all.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ConfigError, match=r"all\.jsonl\.gz: cannot be read"):
        claim_sets(Wanted(folder, part="all"))


def test_an_id_that_stands_twice_is_an_error(folder: Path) -> None:
    write_rows(folder / "towns" / "all.jsonl.gz", [row(1, "supported"), row(1, "supported")])
    with pytest.raises(ConfigError, match="the id r1 stands twice"):
        claim_sets(Wanted(folder, part="all"))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (Wanted(Path("no-such-folder")), "no such file or folder"),
        (Wanted(sets=("fever",)), "name the folder of other sets with --data"),
    ],
)
def test_nothing_to_measure_on_is_said(wanted: Wanted, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        claim_sets(wanted)


def test_a_set_that_is_not_there_is_answered_with_those_that_are(folder: Path) -> None:
    with pytest.raises(ConfigError, match="there is no set fewer; there are pairs, towns"):
        claim_sets(Wanted(folder, sets=("fewer",)))
    with pytest.raises(ConfigError, match="no set with a corpus"):
        claim_sets(Wanted(folder), with_corpus=True)


@needs_data
@pytest.mark.slow
def test_all_public_sets_are_read_with_ids_of_their_own() -> None:
    ids = [sample.id for data in claim_sets(Wanted(DATA, part="all")) for sample in data.samples]
    assert len(ids) == len(set(ids)) > 100_000


@needs_data
def test_the_words_that_decide_stand_in_the_documents_they_are_of() -> None:
    for data in claim_sets(Wanted(DATA, sets=("scifact", "citint")), with_corpus=True):
        assert isinstance(data.corpus, tuple)
        texts = {document.doc_id: document.text for document in data.corpus}
        quotes = [quote for sample in data.samples for quote in sample.quotes]
        assert len(quotes) > 100
        assert [quote for quote in quotes if quote.quote not in texts[quote.doc_id]] == []
