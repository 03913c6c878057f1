"""The records that flow through factcheck: frozen, validated, and the same in code, JSON and prompts.

Every offset counts code points into the text of the document or source it speaks of, half open: ``text[start:end]``.
Every string is free of lone surrogates, so that every record can be written as JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Label = Literal["supported", "contradicted", "unverifiable"]
Stance = Literal["supports", "contradicts"]
UnverifiableReason = Literal[
    "no_passage_retrieved",  # nothing in the store came near the claim
    "passages_irrelevant",  # passages came, none is about this
    "insufficient",  # passages are about this, and do not settle it
    "conflicting_sources",  # a standing quote on each side
    "ambiguous_claim",  # the claim has more than one reading
    "quote_not_found",  # the judge's quotes are not in the passages
    "not_confident",  # the local engine has no reason it can quote
]
ExclusionReason = Literal["opinion", "prediction", "question", "furniture", "no_claim", "ambiguous"]
Checkworthiness = Literal["high", "medium", "low"]
Stage = Literal["read", "split", "retrieve", "judge"]
FailureCode = Literal[
    "model_error",  # the model's server answered with an error that did not pass
    "model_unreachable",  # nobody answers at the model's address
    "not_authorized",  # the key is missing or wrong
    "quota_exhausted",  # the provider says the account is spent
    "rate_limited",  # still 429 after every retry
    "refused",  # the model or its provider declined to answer
    "truncated",  # the answer hit the length limit
    "malformed",  # the answer does not fit the schema, twice
    "timeout",
    "context_overflow",  # the request is longer than the model reads
    "budget_exhausted",
    "left_out",  # the splitter left the sentence out, twice
    "store_unreachable",
    "store_damaged",
    "unreadable",
    "internal",  # a bug of ours, reported as such
]
WarningCode = Literal[
    "number_differs",
    "date_differs",
    "name_differs",
    "negation_differs",
    "sources_conflict",
    "second_opinion_disagrees",  # the embedded model reads the cited words the other way
    "instruction_like_text",  # the text tries to talk to a model
    "date_conflict",  # the document disagrees with itself about its own date
    "date_unknown",  # relative dates in the document could not be resolved
    "page_without_text",
    "encoding_guessed",
    "anchor_not_found",  # a claim's stretch was not found in its sentence; the whole sentence is its span
    "reference_unreadable",
]
EngineName = Literal["llm", "local"]


_SURROGATE = re.compile("[\ud800-\udfff]")


def _no_surrogates(value: Any) -> Any:
    """The same number of code points, each lone surrogate replaced by U+FFFD."""
    return _SURROGATE.sub("\ufffd", value) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_no_surrogates)]  # before: pydantic refuses surrogates in a str with bounds


class Record(BaseModel):
    """What all records share: immutable, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Record):
    start: int = Field(ge=0)
    end: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"a span ends before it starts: {self.start}..{self.end}")
        return self

    def of(self, text: str) -> str:
        """The stretch of ``text`` that this span covers."""
        return text[self.start : self.end]

    def contains(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end


class Page(Record):
    """A page of a paged source: its number as a reader counts (from 1) and its stretch of the text."""

    number: int = Field(ge=1)
    span: Span


class Block(Record):
    """A paragraph-like unit; sentences and passages never cross from ``text`` into another kind.

    ``code`` and ``metadata`` (front matter, mail headers) hold no prose, ``furniture`` is what a web page wraps
    around its article ("1 comment", "Read more"): their sentences are furniture.
    """

    kind: Literal["heading", "text", "list", "table", "quote", "code", "metadata", "furniture"]
    span: Span


WITHOUT_PROSE = frozenset({"code", "metadata", "furniture"})  # kinds of blocks


class Notice(Record):
    """A warning: something a reader should know, never a verdict."""

    code: WarningCode
    message: Text


class Document(Record):
    """A document or reference as read. ``source`` is what ``read_document`` takes to read it again, or ``-``."""

    id: str  # sha256 of the text, 16 hex digits
    source: Text
    title: Text
    language: str  # ISO 639-1, or "und" where nothing could be detected
    published: date | None
    media_type: str
    encoding: str | None  # of text formats: the codec the bytes were decoded with
    text: Text
    pages: tuple[Page, ...] = ()
    blocks: tuple[Block, ...] = ()
    warnings: tuple[Notice, ...] = ()


class Sentence(Record):
    id: str  # "s1", "s2", … in the order of the text
    span: Span


class Claim(Record):
    """One checkable statement that stands alone, anchored to the stretch of the document it comes from."""

    id: str  # sentence id, dot, number: "s12.1"
    text: Text = Field(min_length=1)
    span: Span
    sentences: tuple[str, ...] = Field(min_length=1)
    checkworthiness: Checkworthiness
    queries: tuple[Text, ...] = ()


class Exclusion(Record):
    sentence: str
    reason: ExclusionReason


class Failure(Record):
    """Something that could not be done. Never a verdict, never dropped, never a pass."""

    stage: Stage
    code: FailureCode
    message: Text
    sentences: tuple[str, ...] = ()  # of a splitting failure: the sentences nobody split


class Passage(Record):
    """A stretch of one reference: ``read_document(source).text[span.start:span.end] == text``."""

    id: str
    source: Text
    title: Text
    language: str
    published: date | None
    text: Text
    span: Span
    pages: tuple[Page, ...] = ()  # those the passage touches, with their spans in the source

    def page_at(self, offset: int) -> int | None:
        """The page that holds ``offset`` of the source, or None in a source without pages."""
        return next((page.number for page in reversed(self.pages) if page.span.start <= offset), None)


class Evidence(Record):
    """A passage retrieved for one claim; ``ranks`` gives its place (from 1) in each retriever's own list."""

    passage: Passage
    score: float = Field(allow_inf_nan=False)
    ranks: dict[str, int]


class Citation(Record):
    """A quote that our code found in a passage: ``read_document(source).text[start:end] == quote``."""

    passage: str
    source: Text
    title: Text
    page: int | None
    span: Span
    quote: Text = Field(min_length=1)
    stance: Stance


class RejectedQuote(Record):
    """A quote the judge gave that does not stand, and why."""

    quote: Text
    stance: Stance
    reason: Literal["not_in_passages", "too_short"]


class Verdict(Record):
    """``confidence`` is the judge's calibrated probability that its label is right; None where it gave none."""

    label: Label
    reason: UnverifiableReason | None
    rationale: Text
    citations: tuple[Citation, ...] = ()
    warnings: tuple[Notice, ...] = ()
    confidence: float | None = Field(None, ge=0, le=1)

    @model_validator(mode="after")
    def _no_citation_no_label(self) -> Self:
        if (self.label == "unverifiable") != (self.reason is not None):
            raise ValueError("an unverifiable verdict, and only that, carries a reason")
        stances = {citation.stance for citation in self.citations}
        needed: dict[str, set[str]] = {"supported": {"supports"}, "contradicted": {"contradicts"}}
        if self.label in needed and stances != needed[self.label]:
            raise ValueError(
                f"a verdict {self.label} needs citations that say so, and no other: found {stances or 'none'}"
            )
        if self.reason == "conflicting_sources" and len(stances) != 2:
            raise ValueError("conflicting sources are cited on both sides")
        return self


class Search(Record):
    """What was looked for, and whether looking wider would have brought more.

    For an unverifiable claim ``nearest`` is the best passage at hand; where a wider search was made (more passages,
    single keywords), ``wider`` holds what it found that speaks of more of the claim, and ``absent`` the claim's names
    and numbers that stand in none of all these passages. So a reader sees whether evidence is missing or was missed.
    """

    queries: tuple[Text, ...]
    nearest: Passage | None = None
    looked_wider: bool = False
    wider: tuple[Evidence, ...] = ()
    absent: tuple[Text, ...] = ()


class Outcome(Record):
    """What became of one claim: a verdict or a failure, exactly one."""

    claim: Claim
    evidence: tuple[Evidence, ...] = ()
    search: Search | None = None
    verdict: Verdict | None = None
    failure: Failure | None = None
    rejected: tuple[RejectedQuote, ...] = ()

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if (self.verdict is None) == (self.failure is None):
            raise ValueError(f"claim {self.claim.id} needs a verdict or a failure, exactly one")
        if self.verdict is not None:
            for citation in self.verdict.citations:
                self._check(citation)
        return self

    def _check(self, citation: Citation) -> None:
        passage = next((e.passage for e in self.evidence if e.passage.id == citation.passage), None)
        if passage is None:
            raise ValueError(f"claim {self.claim.id} cites passage {citation.passage}, which was not retrieved for it")
        offset = passage.span.start
        if (
            passage.source != citation.source
            or not passage.span.contains(citation.span)
            or passage.text[citation.span.start - offset : citation.span.end - offset] != citation.quote
        ):
            raise ValueError(f"claim {self.claim.id} cites words that are not in passage {citation.passage}")


class Totals(Record):
    """Sums a reader can check: ``sentences == with_claims + excluded + failed`` and so on."""

    sentences: int
    sentences_with_claims: int
    sentences_excluded: int
    sentences_failed: int
    claims: int
    supported: int
    contradicted: int
    unverifiable: int
    failed: int


class StageUsage(Record):
    """Work of one stage. ``calls`` went to the model; ``cached`` were answered from kept replies and cost nothing."""

    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Usage(Record):
    """``cost_usd`` is None where the model's price is unknown; the local engine costs 0."""

    stages: dict[str, StageUsage] = {}
    seconds: float = Field(0.0, ge=0)
    cost_usd: float | None = None


class StoreFingerprint(Record):
    """Which state of which references a verdict was made against; ``digest`` covers all the rest but the location."""

    location: Text
    digest: str
    embedder: str
    chunking: str
    passages: int
    files: dict[Text, str]  # source as a reader sees it -> sha256 of the file's bytes


class Provenance(Record):
    """All it takes to make the report again."""

    factcheck: str
    engine: EngineName
    engine_reason: Text  # why this engine: asked for, or nothing else configured
    model: Text | None
    parameters: dict[str, Any]
    prompts: dict[str, str]  # name -> sha256
    store: StoreFingerprint
    settings: dict[str, Any]
    as_of: date | None  # the day the text was written, as used for "yesterday" and "this year"
    as_of_source: Literal["given", "document", "text", "unknown"]
    document_sha256: str  # of the text, utf-8
    created: datetime


class Report(Record):
    """Everything that came of one document. Cannot be built, nor read back, unless its totals add up."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    document: Document
    sentences: tuple[Sentence, ...]
    outcomes: tuple[Outcome, ...]
    exclusions: tuple[Exclusion, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[Notice, ...]
    totals: Totals
    usage: Usage
    provenance: Provenance

    @model_validator(mode="after")
    def _nothing_vanishes(self) -> Self:
        counted = account(self.sentences, self.outcomes, self.exclusions, self.failures)
        if counted != self.totals:
            raise ValueError(f"totals do not add up: counted {counted}, stated {self.totals}")
        for span in [s.span for s in self.sentences] + [o.claim.span for o in self.outcomes]:
            if span.end > len(self.document.text):
                raise ValueError(f"span {span.start}..{span.end} lies outside the document")
        return self


def account(
    sentences: tuple[Sentence, ...],
    outcomes: tuple[Outcome, ...],
    exclusions: tuple[Exclusion, ...],
    failures: tuple[Failure, ...],
) -> Totals:
    """Counts where every sentence and claim went; raises ValueError where one is missing, doubled or invented."""
    known = [sentence.id for sentence in sentences]
    claimed = {name for outcome in outcomes for name in outcome.claim.sentences}
    excluded = [exclusion.sentence for exclusion in exclusions]
    failed = [name for failure in failures for name in failure.sentences]
    _require_unique("sentence ids", known)
    _require_unique("claim ids", [outcome.claim.id for outcome in outcomes])
    ends = Counter([*claimed, *excluded, *failed])
    if invented := ends.keys() - set(known):
        raise ValueError(f"sentences that do not exist: {sorted(invented)}")
    if lost := set(known) - ends.keys():
        raise ValueError(f"sentences without an end: {sorted(lost)}")
    if doubled := [name for name, count in ends.items() if count > 1]:
        raise ValueError(f"sentences with more than one end: {sorted(doubled)}")
    labels = Counter(outcome.verdict.label for outcome in outcomes if outcome.verdict is not None)
    return Totals(
        sentences=len(known),
        sentences_with_claims=len(claimed),
        sentences_excluded=len(excluded),
        sentences_failed=len(failed),
        claims=len(outcomes),
        failed=sum(outcome.failure is not None for outcome in outcomes),
        **{label: labels[label] for label in get_args(Label)},
    )


def _require_unique(what: str, names: list[str]) -> None:
    if doubled := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"{what} given twice: {doubled}")
