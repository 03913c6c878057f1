"""The records of an evaluation: samples go in, a result with every sample's outcome comes out.

The words are those of the field (sample, task, score, metric). Every record is frozen and refuses unknown fields.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from factcheck.models import (
    Failure,
    Label,
    Record,
    StageUsage,
    Stance,
    StoreFingerprint,
    Text,
    UnverifiableReason,
)

RESULT_VERSION: Literal["1.0"] = "1.0"

Gold = Literal["supported", "contradicted", "unverifiable", "not_supported"]  # the last where a set knows no more
Scheme = Literal["three", "two", "binary"]  # two: never unverifiable; binary: supported or not_supported
Tier = Literal["own", "free", "unstated", "nc", "user"]
TaskName = Literal["split", "retrieve", "verdict", "end-to-end", "citations", "attack", "contrast"]
System = Literal["engine", "majority", "claim_only", "word_overlap"]
Direction = Literal["higher", "lower"]  # which way a metric is better


class Reference(Record):
    """A piece of text that a sample gives as evidence, or a document of a corpus."""

    doc_id: str
    title: Text = ""
    text: Text
    language: str = "und"


class GoldQuote(Record):
    """Words that settle the claim, verbatim in the text of ``doc_id``."""

    doc_id: str
    quote: Text
    stance: Stance


class Sample(Record):
    """One claim with its gold label and gold evidence.

    ``about`` is what the bootstrap resamples: the article, page or answer that the claim belongs to. ``group`` joins
    the members of a contrast triple or of a clean and an attacked twin; ``kind`` says what was changed (number, …).
    """

    id: str
    dataset: str
    about: str
    claim: Text = Field(min_length=1)
    language: str
    label: Gold
    evidence: tuple[Reference, ...] = ()
    quotes: tuple[GoldQuote, ...] = ()
    documents: tuple[str, ...] = ()  # doc_ids in the corpus that settle the claim; empty where none does
    kind: str = ""
    group: str = ""
    as_of: date | None = None


class DatasetInfo(Record):
    """Where samples came from; ``digest`` is the sha256 over the bytes read."""

    name: str
    tier: Tier
    licence: str = ""
    scheme: Scheme
    digest: str
    samples: int
    part: str = "all"


class Score(Record):
    """A sample's contribution to one metric: ``hits`` out of ``of``; the metric is the sum of hits by the sum of of."""

    hits: float
    of: float = 1.0


class SampleResult(Record):
    """What became of one sample. A failure is listed here, and scored nowhere.

    ``label`` is the engine's (of several runs the majority's), ``labels`` that of each run; both empty in tasks without
    labels. ``baselines`` holds what each trivial system says of the same sample. ``said`` is what a reader wants to see
    of the answer when the sample flips.
    """

    id: str
    dataset: str
    about: str
    language: str
    kind: str = ""
    group: str = ""
    input: Text = ""
    gold: Gold | None = None
    label: Label | None = None
    labels: tuple[Label | None, ...] = ()
    reason: UnverifiableReason | None = None
    confidence: float | None = Field(None, ge=0, le=1)
    scores: dict[str, Score] = {}
    baselines: dict[System, Label] = {}
    said: Text = ""
    failure: Failure | None = None

    @model_validator(mode="after")
    def _a_failure_has_no_score(self) -> Self:
        if self.failure is not None and (self.label is not None or self.scores):
            raise ValueError(f"sample {self.id} failed and is scored all the same")
        return self


class Metric(Record):
    """One number with its 95 % interval (bootstrap over ``documents``), None where nothing could be counted."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int
    documents: int
    better: Direction = "higher"


class Table(Record):
    """The metrics of one system on one scope: ``all``, ``dataset:fever``, ``language:de``, ``kind:number``.

    ``confusion`` counts gold label -> said label.
    """

    scope: str
    system: System = "engine"
    metrics: tuple[Metric, ...]
    confusion: dict[str, dict[str, int]] | None = None


class CurvePoint(Record):
    """Accuracy among the answered share when only answers of at least ``confidence`` are kept."""

    confidence: float
    coverage: float
    accuracy: float


class Bin(Record):
    """A bin of the reliability diagram."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


class EvalProvenance(Record):
    """All it takes to make the result again."""

    factcheck: str
    commit: str | None  # of the working tree, with + where it had changes
    command: str
    engine: Literal["llm", "local"]
    model: str | None
    answered_by: str  # "the local engine", "a model: gpt-5.4-mini", or who wrote the recorded answers by hand
    parameters: dict[str, Any]
    prompts: dict[str, str]
    settings: dict[str, Any]
    store: StoreFingerprint | None = None
    exchanges: str | None = None  # sha256 of the recorded exchanges this was replayed from or recorded to
    weights: dict[str, str] = {}  # of the embedded models: name -> sha256
    seed: int
    runs: int = 1
    limit: int | None = None
    created: datetime


class Result(Record):
    """One run of one task. Built only where every sample has one end, by id."""

    result_version: Literal["1.0"] = RESULT_VERSION
    task: TaskName
    datasets: tuple[DatasetInfo, ...]
    samples: tuple[SampleResult, ...]
    tables: tuple[Table, ...]
    curve: tuple[CurvePoint, ...] = ()
    calibration: tuple[Bin, ...] = ()
    agreement: float | None = None  # of several runs: share of samples on which all runs say the same
    usage: dict[str, StageUsage] = {}
    cost_usd: float | None = None
    seconds: float = Field(ge=0)
    conclusion: Text  # one sentence: what these numbers say
    provenance: EvalProvenance

    @model_validator(mode="after")
    def _every_sample_once(self) -> Self:
        ids = [sample.id for sample in self.samples]
        if len(set(ids)) != len(ids):
            raise ValueError("a sample id stands twice in the result")
        if (stated := sum(dataset.samples for dataset in self.datasets)) != len(ids):
            raise ValueError(f"the data sets hold {stated} samples, the result {len(ids)}")
        return self
