"""What a splitter makes of a text is scored for what it keeps, what it invents and what it leaves out."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest

from eval.datasets.choosing import Wanted
from eval.datasets.claims import NOT_CLAIMS, GoldStatement, GoldText, TextSet, Unit, own_texts, text_sets
from eval.datasets.dataset import Dataset
from eval.engines import Engine
from eval.records import DatasetInfo, SampleResult
from eval.split_scores import Words, overlap, stands_alone
from eval.tasks.split import TASK
from factcheck.documents import document_from_text
from factcheck.engine import Choice, judge_of
from factcheck.errors import ConfigError, ModelError, ModelUnavailable
from factcheck.models import (
    Claim,
    Document,
    Evidence,
    Exclusion,
    ExclusionReason,
    Failure,
    RejectedQuote,
    Sentence,
    Span,
)
from factcheck.protocols import Judge, Judgement, Quote, Split, Splitter
from factcheck.sentences import sentences_of
from factcheck.settings import load
from tests.evaluation.engines import data_folder
from tests.evaluation.folders import write_own_like

TEXT = (
    "The mill in Dorne reopened on 3 May 2023. Its owner, Ada Brook, spent 1.2 million euros on it last year. "
    "She did not ask for a grant. Will visitors come?"
)
DAY = date(2024, 2, 1)


def unit(number: int, *kinds: Any, claims: tuple[GoldStatement, ...] = ()) -> Unit:
    return Unit(f"t/s{number}", (f"s{number}",), kinds, claims)


def gold(text: str = TEXT) -> GoldText:
    document = document_from_text(text).model_copy(update={"language": "en"})
    sentences = sentences_of(document)
    anchor = sentences[0].span
    owner = GoldStatement(
        "Ada Brook spent 1.2 million euros on the mill in Dorne in 2023.",
        ("Ada Brook", "1.2 million euros", "last year"),
        ("mill in Dorne",),
        Span(start=sentences[1].span.start, end=sentences[1].span.end),
    )
    units = (
        unit(1, "claims", claims=(GoldStatement(TEXT[:41], ("mill in Dorne", "reopened", "3 May 2023"), (), anchor),)),
        unit(2, "claims", claims=(owner,)),
        unit(
            3,
            "claims",
            "ambiguous",
            claims=(GoldStatement("Ada Brook did not ask for a grant.", ("not", "grant"), ("Ada Brook",)),),
        ),
        unit(4, "question"),
    )
    return GoldText("t", "t", "en", document, sentences, units, DAY)


def of(text: GoldText, limit: int | None = None) -> TextSet:
    info = DatasetInfo(name="d", tier="user", scheme="three", digest="0", samples=len(text.units))
    return TextSet(info, (), None, (text,))


@dataclass
class Scripted:
    """A splitter that says the given claims of each sentence, excludes where it has a reason, and knows no others."""

    said: dict[str, Sequence[str] | ExclusionReason]
    spans: dict[str, Span] = field(default_factory=dict)
    then: Exception | None = None
    twice: bool = False

    async def split(self, document: Document, sentences: Sequence[Sentence]) -> AsyncIterator[Split]:
        claims: list[Claim] = []
        exclusions: list[Exclusion] = []
        for sentence in sentences:
            said = self.said.get(sentence.id, ())
            if isinstance(said, str):
                exclusions.append(Exclusion(sentence=sentence.id, reason=said))
            claims += [
                Claim(
                    id=f"{sentence.id}.{number}",
                    text=text,
                    span=self.spans.get(sentence.id, sentence.span),
                    sentences=(sentence.id,),
                    checkworthiness="high",
                )
                for number, text in enumerate([] if isinstance(said, str) else said, 1)
            ]
        if claims or exclusions:
            yield Split(tuple(claims), tuple(exclusions))
        if self.twice:
            yield Split((), tuple(Exclusion(sentence=claim.sentences[0], reason="opinion") for claim in claims))
        if self.then is not None:
            raise self.then


@dataclass
class SplitEngine(Engine):
    """The local engine with another splitter."""

    splits: Splitter = field(default_factory=lambda: Scripted({}))

    def splitter(self, *, as_of: date | None, languages: Sequence[str] = ()) -> Splitter:
        return self.splits


def engine(splits: Splitter, judge: Judge | None = None) -> Engine:
    made = SplitEngine(
        Choice("local", "a test"), load(engine="local"), None, judge or judge_of(None, load()), "a test", splits=splits
    )
    return replace(made, chat=cast(Any, object())) if judge is not None else made


def run(splits: Splitter, text: GoldText | None = None, judge: Judge | None = None) -> dict[str, SampleResult]:
    results = asyncio.run(TASK.run(of(text or gold()), engine(splits, judge), lambda stage, done, total: None))
    return {result.id: result for result in results}


def values(result: SampleResult) -> dict[str, float]:
    return {name: score.hits / score.of for name, score in result.scores.items()}


RIGHT: dict[str, Sequence[str] | ExclusionReason] = {
    "s1": ["The mill in Dorne reopened on 3 May 2023."],
    "s2": ["Ada Brook spent 1.2 million euros on the mill in Dorne in 2023."],
    "s3": ["Ada Brook did not ask for a grant."],
    "s4": "question",
}


def test_a_splitter_that_does_all_right_scores_one_everywhere() -> None:
    results = run(Scripted(RIGHT))
    assert list(results) == ["t/s1", "t/s2", "t/s3", "t/s4"]
    assert {value for result in results.values() for value in values(result).values()} == {1.0}
    assert set(results["t/s2"].scores) == {
        "ended_once", "sentence_coverage", "checkworthy_precision", "checkworthy_recall", "checkworthy_f1",
        "element_recall", "claims_kept", "needs_told", "anchor_overlap", "element_precision", "stands_alone",
        "entailed", "anchored",
    }  # fmt: skip
    assert set(results["t/s4"].scores) == {"ended_once", "excluded_rightly"}


def test_a_number_that_nobody_wrote_is_invented_and_the_one_it_replaced_is_lost() -> None:
    claim = "Ada Brook spent 1.7 million euros on the mill in Dorne in 2023."
    scores = values(run(Scripted({**RIGHT, "s2": [claim]}))["t/s2"])
    assert scores["element_recall"] == 2 / 3
    assert scores["claims_kept"] == 0
    assert scores["element_precision"] == 3 / 4  # of 1.7 million, 2023, Ada Brook, Dorne
    assert scores["entailed"] == 0


def test_a_name_from_another_sentence_is_invented_unless_the_gold_says_so() -> None:
    scores = values(run(Scripted({**RIGHT, "s3": ["Ada Brook did not ask for a grant in Dorne."]}))["t/s3"])
    assert (scores["element_precision"], scores["entailed"]) == (0.5, 1)  # Dorne stands elsewhere in the text


def test_a_relative_time_is_kept_by_its_date_and_lost_with_another() -> None:
    wrong = "Ada Brook spent 1.2 million euros on the mill in Dorne in 2021."
    scores = values(run(Scripted({**RIGHT, "s2": [wrong]}))["t/s2"])
    assert (scores["element_recall"], scores["entailed"]) == (2 / 3, 0)


def test_a_claim_without_its_negation_is_not_entailed() -> None:
    assert values(run(Scripted({**RIGHT, "s3": ["Ada Brook did ask for a grant."]}))["t/s3"])["entailed"] == 0


def test_a_claim_that_needs_its_context_tells_nobody_who_and_when() -> None:
    scores = values(run(Scripted({**RIGHT, "s2": ["She spent 1.2 million euros on it last year."]}))["t/s2"])
    assert (scores["stands_alone"], scores["needs_told"]) == (0, 0)


def test_claims_are_expected_where_there_are_facts_and_only_there() -> None:
    scores = run(Scripted({**RIGHT, "s1": "opinion", "s3": "ambiguous", "s4": ["Visitors come."]}))
    assert values(scores["t/s1"])["sentence_coverage"] == 0
    assert values(scores["t/s1"])["checkworthy_recall"] == 0
    assert "checkworthy_recall" not in scores["t/s3"].scores  # also right, says the gold
    assert values(scores["t/s3"])["sentence_coverage"] == 0
    assert values(scores["t/s4"])["checkworthy_precision"] == 0
    assert values(scores["t/s4"])["checkworthy_f1"] == 0


def test_what_is_lost_counts_although_there_is_no_claim() -> None:
    assert values(run(Scripted({**RIGHT, "s1": "opinion"}))["t/s1"])["element_recall"] == 0


def test_the_wrong_reason_for_no_claim_is_told() -> None:
    assert values(run(Scripted({**RIGHT, "s4": "furniture"}))["t/s4"])["excluded_rightly"] == 0


def test_a_claim_anchored_elsewhere_is_seen() -> None:
    scores = values(run(Scripted(RIGHT, spans={"s1": Span(start=50, end=60)}))["t/s1"])
    assert (scores["anchored"], scores["anchor_overlap"]) == (0, 0)


def test_a_sentence_left_out_is_a_failure_and_has_no_score() -> None:
    result = run(Scripted({name: said for name, said in RIGHT.items() if name != "s2"}))["t/s2"]
    assert result.failure is not None
    assert (result.failure.code, result.scores) == ("left_out", {})


def test_a_sentence_that_ends_twice_is_seen() -> None:
    assert values(run(Scripted(RIGHT, twice=True))["t/s1"])["ended_once"] == 0


def test_a_model_that_goes_away_fails_the_rest_and_one_that_was_never_there_the_run() -> None:
    gone = ModelUnavailable("quota_exhausted", "the account is spent")
    results = run(Scripted({"s1": RIGHT["s1"]}, then=gone))
    assert results["t/s1"].failure is None
    assert results["t/s4"].failure == Failure(stage="split", code="quota_exhausted", message="the account is spent")
    with pytest.raises(ModelUnavailable, match="spent"):
        run(Scripted({}, then=gone))


@dataclass(frozen=True)
class Strict:
    """A judge that supports what its passage holds word for word, and cannot judge the word "fail"."""

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        if "fail" in claim.text:
            raise ModelError("timeout", "no answer in time")
        passage = evidence[0].passage
        if claim.text not in passage.text:
            return Judgement("unverifiable", "insufficient", "It does not say so.")
        return Judgement("supported", None, "It says so.", (Quote(passage.id, claim.text, "supports"),))


def test_an_engine_with_a_model_also_judges_its_claims_by_their_sentences() -> None:
    said = {**RIGHT, "s3": ["She failed to ask for a grant."]}
    results = run(Scripted(said), judge=Strict())
    assert values(results["t/s1"])["entailed_by_judge"] == 1
    assert values(results["t/s2"])["entailed_by_judge"] == 0
    assert results["t/s3"].failure == Failure(stage="judge", code="timeout", message="no answer in time")
    assert "entailed_by_judge" not in run(Scripted(RIGHT))["t/s1"].scores


@pytest.mark.parametrize(
    ("element", "said", "language"),
    [
        ("1.2 million euros", "It cost 1,200,000 euros.", "en"),
        ("rund 1,2 Millionen Euro", "Es kostete rund 1.200.000 Euro.", "de"),
        ("3 May 2023", "It opened on May 3, 2023.", "en"),
        ("stieg", "Die Zahl ist gestiegen.", "de"),
        ("Häusern", "Es waren zwölf Häuser.", "de"),
        ("Ada Brook", "ADA BROOK bought it.", "en"),
        ("not", "He did not come.", "en"),
    ],
)
def test_an_element_is_found_in_another_form(element: str, said: str, language: str) -> None:
    assert Words(said, language).tell(element)


@pytest.mark.parametrize(
    ("element", "said", "language"),
    [
        ("1.2 million euros", "It cost 2.1 million euros.", "en"),
        ("3 May 2023", "It opened in May 2023.", "en"),
        ("stieg", "Die Zahl ist gesunken.", "de"),
        ("Ada Brook", "Ada Stone bought it.", "en"),
        ("not", "He came with a note.", "en"),
        ("...", "He came.", "en"),
    ],
)
def test_an_element_is_not_found_in_something_else(element: str, said: str, language: str) -> None:
    assert not Words(said, language).tell(element)


@pytest.mark.parametrize(
    ("claim", "language", "alone"),
    [
        ("In 2010, he became mayor of Dorne.", "en", False),
        ("We can infer some information.", "en", False),
        ("This was the third time.", "en", False),
        ("The mill burned down last week.", "en", False),
        ("Er wurde 2010 gewählt.", "de", False),
        ("Gestern brannte die Mühle in Dorne.", "de", False),
        ("Ada Brook said that she had paid for it.", "en", True),
        ("In addition to her work, Brook also painted.", "en", True),
        ("The ecologist said that he left.", "en", True),
        ('Brook said: "We did it yesterday."', "en", True),
        ("The US won World War II.", "en", True),
        ("Die Kirche steht bis heute auf dem Grund des Sees.", "de", True),
        ("Der Bürgermeister sagte, er habe nichts gewusst.", "de", True),
        ("There are two mills in Dorne.", "en", True),
    ],
)
def test_a_claim_stands_alone_or_leans_on_what_is_not_there(claim: str, language: str, alone: bool) -> None:
    assert stands_alone(claim, language, DAY) is alone


def test_without_a_day_of_writing_no_time_can_be_resolved_and_none_is_missed() -> None:
    assert stands_alone("The mill burned down last week.", "en", None)


def test_overlap_is_shared_by_all() -> None:
    assert overlap(Span(start=0, end=10), Span(start=5, end=15)) == 5 / 15
    assert overlap(Span(start=0, end=4), Span(start=4, end=8)) == 0


def test_the_own_articles_are_read_sentence_by_sentence(tmp_path: Path) -> None:
    folder = write_own_like(tmp_path)
    data = own_texts(folder)
    assert data.info.samples == len(data.texts[0].units) == len(data.texts[0].sentences)
    first = data.texts[0].units[0]
    assert first.claims is not None
    anchor = first.claims[0].anchor
    assert anchor is not None
    assert anchor.of(data.texts[0].document.text) == first.claims[0].text
    assert own_texts(folder, limit=2).info.samples == 2


def public(folder: Path, name: str, kind: str, *rows: dict[str, Any]) -> Path:
    file = folder / name / "documents.jsonl.gz"
    file.parent.mkdir(exist_ok=True)
    with gzip.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(f"{json.dumps(row)}\n" for row in rows)
    entry = {"set": name, "file": f"{name}/documents.jsonl.gz", "kind": kind, "licence_tier": "free"}
    (folder / "index.json").write_text(json.dumps([entry]))
    return folder


def test_sentences_that_a_set_cuts_otherwise_are_joined_into_one_unit(tmp_path: Path) -> None:
    row = {
        "id": "1",
        "document": "Dr. Brook came to Dorne in 1990. He built the mill. It rained.",
        "sentences": [
            {"text": "Dr. Brook came to Dorne in 1990. He built the mill.", "relevant": True},
            {"text": "It rained.", "relevant": False},
        ],
        "claims": ["Brook came to Dorne in 1990.", "Brook built the mill."],
        "claim_sentence": [0, 0],
        "topic": "Brook",
        "lang": "en",
    }
    (data,) = text_sets(Wanted(public(tmp_path, "factscore", "claims", row), part="all"))
    units = data.texts[0].units
    assert [unit.sentences for unit in units] == [("s1", "s2"), ("s3",)]
    assert [unit.kinds for unit in units] == [("claims",), ()]
    assert [len(unit.claims or ()) for unit in units] == [2, 0]


def test_a_comment_that_claims_nothing_may_be_excluded_for_any_reason(tmp_path: Path) -> None:
    rows = [{"id": str(number), "text": "Who knows?", "fact_claiming": number, "lang": "de"} for number in (0, 1)]
    (data,) = text_sets(Wanted(public(tmp_path, "germeval2021", "detection", *rows), part="all"))
    assert [set(text.units[0].kinds) for text in data.texts] == [set(NOT_CLAIMS), {"claims"}]


def test_a_row_of_another_form_is_named_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"documents\.jsonl\.gz, line 1: not as factool writes it"):
        text_sets(Wanted(public(tmp_path, "factool", "claims", {"id": "1", "lang": "en", "claims": []}), part="all"))


def test_a_folder_without_texts_and_a_set_of_claims_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no set of texts with claims"):
        text_sets(Wanted(public(tmp_path, "fever", "verdict"), part="all"))
    info = DatasetInfo(name="fever", tier="free", scheme="three", digest="0", samples=0)
    with pytest.raises(ConfigError, match="holds no texts to split"):
        asyncio.run(TASK.run(Dataset(info, ()), engine(Scripted({})), lambda stage, done, total: None))


@pytest.mark.slow
@pytest.mark.skipif(not data_folder().is_dir(), reason="../shared/data is not here")
def test_every_public_set_of_claims_is_split_and_no_unit_is_lost() -> None:
    local = Engine(Choice("local", "a test"), load(engine="local"), None, judge_of(None, load()), "a test")
    sets = text_sets(Wanted(data_folder(), limit=12))
    assert len(sets) == 7
    for data in sets:
        results = asyncio.run(TASK.run(data, local, lambda stage, done, total: None))
        assert len({result.id for result in results}) == data.info.samples == 12 or data.info.samples == 10
        assert not [result for result in results if result.failure is not None or "ended_once" not in result.scores]
