"""Claims, and where wanted evidence, handed to the product's own pipeline, which then judges as it always does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from eval.engines import Engine
from eval.records import Reference, Sample, SampleResult
from eval.stores import Corpus, document_of
from factcheck.documents import document_from_text
from factcheck.models import Claim, Document, Evidence, Outcome, Passage, Sentence, Span
from factcheck.pipeline import Progress
from factcheck.protocols import Retrieval, Retriever, Split
from factcheck.retrieve.passages import passages_of, slice_of
from factcheck.retrieve.search import Searcher


@dataclass(frozen=True)
class GivenClaims:
    """A ``Splitter`` that finds the claims it was given, one in each sentence."""

    claims: Sequence[Claim]

    async def split(self, document: Document, sentences: Sequence[Sentence]) -> AsyncIterator[Split]:
        yield Split(claims=tuple(self.claims))


@dataclass(frozen=True)
class GivenEvidence:
    """A ``Retriever`` that finds for each claim, by id, the evidence it was given, however widely it looks."""

    evidence: Mapping[str, tuple[Evidence, ...]]

    async def retrieve(self, claim: Claim, *, wide: bool = False) -> Retrieval:
        return Retrieval(evidence=self.evidence[claim.id], queries=(claim.text,))


def claim_id(place: int) -> str:
    """The id that the sample at ``place`` has as a claim in the pipeline."""
    return f"s{place + 1}.1"


def place_of(claim: Claim) -> int:
    """The place of the sample that became this claim."""
    return int(claim.sentences[0].removeprefix("s")) - 1


async def outcomes(
    samples: Sequence[Sample],
    engine: Engine,
    retriever: Retriever,
    progress: Progress,
    *,
    judged_on: str | None = None,
) -> tuple[Outcome, ...]:
    """What the pipeline makes of each sample's claim, in their order. Claims of one language make one document.

    ``judged_on`` names where the evidence comes from: what the engine knows from there is not worked out again.
    """

    def key(sample: Sample) -> tuple[str, str, str]:
        return judged_on or "", sample.id, sample.claim

    known = engine.known if judged_on else {}
    found = {place: known[key(sample)] for place, sample in enumerate(samples) if key(sample) in known}
    left = sorted(set(range(len(samples))) - found.keys(), key=lambda place: (samples[place].language, place))
    for language, places in groupby(left, key=lambda place: samples[place].language):
        document, sentences, claims = _as_document(samples, list(places), language)
        pipeline = engine.pipeline(GivenClaims(claims), retriever, _counted(progress, len(found), len(samples)))
        checked = await pipeline.check(document, sentences)
        found |= {place_of(outcome.claim): outcome for outcome in checked.outcomes}
    known.update({key(sample): found[place] for place, sample in enumerate(samples)})
    return tuple(found[place] for place in range(len(samples)))


async def searched(
    samples: Sequence[Sample], corpus: Corpus, engine: Engine, progress: Progress
) -> tuple[Outcome, ...]:
    """As ``outcomes``, with what the product's own search finds in the documents for each claim."""
    searcher = Searcher(corpus.store, engine.embedder, passages=engine.settings.passages)
    return await outcomes(samples, engine, searcher, progress, judged_on=corpus.fingerprint().digest)


async def outcomes_on_gold(samples: Sequence[Sample], engine: Engine, progress: Progress) -> tuple[Outcome, ...]:
    """As ``outcomes``, each claim with the evidence of its sample."""
    given = {claim_id(place): evidence_of(sample.evidence) for place, sample in enumerate(samples)}
    return await outcomes(samples, engine, GivenEvidence(given), progress, judged_on="its own evidence")


async def results_on_gold(samples: Sequence[Sample], engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
    """What became of each sample, judged on its own evidence."""
    found = await outcomes_on_gold(samples, engine, progress)
    return tuple(result_of(sample, outcome) for sample, outcome in zip(samples, found, strict=True))


def evidence_of(references: Sequence[Reference]) -> tuple[Evidence, ...]:
    """All passages of the texts given, cut as the store would cut them, in the order of the texts.

    None is left out, also where there are more than a search would bring: which of them matter is for retrieval to
    find, and is measured end to end. A text that no passage comes of is one passage as it is.
    """
    passages: dict[str, Passage] = {}
    for source, reference in sources_of(references).items():
        document = document_of(reference, source=source)
        for passage in passages_of(document) or [slice_of(document, 0, len(document.text))]:
            passages.setdefault(passage.id, passage)
    return tuple(
        Evidence(passage=passage, score=1.0, ranks={"given": rank}) for rank, passage in enumerate(passages.values(), 1)
    )


def sources_of(references: Sequence[Reference]) -> dict[str, Reference]:
    """The texts that say something, by the name they are cited under; a further text of one document gets a number."""
    named: dict[str, Reference] = {}
    for number, reference in enumerate(references, 1):
        if reference.text.strip():
            free = named.get(reference.doc_id, reference).text == reference.text
            named[reference.doc_id if free else f"{reference.doc_id}#{number}"] = reference
    return named


def result_of(sample: Sample, outcome: Outcome) -> SampleResult:
    """What became of a sample: its verdict, or its failure."""
    verdict = outcome.verdict
    return SampleResult(
        id=sample.id,
        dataset=sample.dataset,
        about=sample.about,
        language=sample.language,
        kind=sample.kind,
        group=sample.group,
        input=sample.claim,
        gold=sample.label,
        label=verdict.label if verdict else None,
        reason=verdict.reason if verdict else None,
        confidence=verdict.confidence if verdict else None,
        said=_said(outcome),
        failure=outcome.failure,
    )


def _said(outcome: Outcome) -> str:
    """The rationale, and the words it stands on or the quotes that were turned down."""
    if outcome.verdict is None:
        return ""
    quotes = [f"“{citation.quote}” ({citation.title or citation.source})" for citation in outcome.verdict.citations]
    turned_down = [f"turned down: “{rejected.quote}”" for rejected in outcome.rejected]
    return " ".join([outcome.verdict.rationale, *quotes, *turned_down]).strip()


def _as_document(
    samples: Sequence[Sample], places: Sequence[int], language: str
) -> tuple[Document, tuple[Sentence, ...], tuple[Claim, ...]]:
    """The claims as the sentences of one document."""
    text, spans = "", []
    for place in places:
        start = len(text)
        text += samples[place].claim
        spans.append(Span(start=start, end=len(text)))
        text += "\n"
    sentences = tuple(Sentence(id=f"s{place + 1}", span=span) for place, span in zip(places, spans, strict=True))
    claims = tuple(
        Claim(
            id=claim_id(place),
            text=samples[place].claim,
            span=sentence.span,
            sentences=(sentence.id,),
            checkworthiness="high",
        )
        for place, sentence in zip(places, sentences, strict=True)
    )
    return document_from_text(text).model_copy(update={"language": language, "text": text}), sentences, claims


def _counted(progress: Progress, before: int, total: int) -> Progress:
    """Progress over all the samples rather than over those of one language."""

    def tell(stage: str, done: int, _: int | None) -> None:
        if stage == "judge":
            progress(stage, before + done, total)

    return tell
