"""citations: do the words that are cited decide the claim, and do they stand in the source as they are quoted?

Recall and precision in the sense of ALCE (Gao et al. 2023), with gold quotes in the place of its entailment model: a
labelled claim is borne out where one of its citations meets a gold quote of the same stance, and a citation is to the
point where it does. Two stretches meet where they share at least half of the shorter one. ``verbatim`` believes nobody:
it reads each source again and compares the characters at the offsets with the quote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from eval.datasets.choosing import Wanted
from eval.datasets.dataset import Dataset
from eval.datasets.loading import claim_sets
from eval.engines import Engine
from eval.records import GoldQuote, Sample, SampleResult, Score, TaskName
from eval.tasks.given import outcomes_on_gold, result_of, searched, sources_of
from factcheck.errors import ConfigError, ReadError
from factcheck.models import Citation, Outcome, Span
from factcheck.pipeline import Progress
from factcheck.text import locate

SHARED = 0.5  # of the shorter of two stretches

Text = Callable[[str], str | None]  # source -> its text, None where it cannot be read
Name = Callable[[str], str]  # source -> doc_id


@dataclass(frozen=True)
class Citations:
    name: TaskName = "citations"

    def load(self, wanted: Wanted) -> tuple[Dataset, ...]:
        """Sets whose gold says which words decide a claim."""
        found = tuple(data for data in claim_sets(wanted) if any(sample.quotes for sample in data.samples))
        if not found:
            raise ConfigError(f"{wanted.path}: no set here says which words decide a claim (the own set does, scifact)")
        return found

    async def run(self, data: Dataset, engine: Engine, progress: Progress) -> tuple[SampleResult, ...]:
        """End to end where the set has documents to search in, else on its gold evidence."""
        if data.corpus is None:
            found = await outcomes_on_gold(data.samples, engine, progress)
            return tuple(_on_evidence(sample, outcome) for sample, outcome in zip(data.samples, found, strict=True))
        with engine.corpus(data, progress) as corpus:
            found = await searched(data.samples, corpus, engine, progress)

            @lru_cache(maxsize=1024)
            def text(source: str) -> str | None:
                try:
                    return corpus.read(source).text
                except (ReadError, OSError):
                    return None

            def name(source: str) -> str:
                return corpus.doc_ids.get(source, source)

            return tuple(
                scored(sample, outcome, text, name) for sample, outcome in zip(data.samples, found, strict=True)
            )


def _on_evidence(sample: Sample, outcome: Outcome) -> SampleResult:
    given = sources_of(sample.evidence)
    return scored(
        sample,
        outcome,
        lambda source: given[source].text if source in given else None,
        lambda source: given[source].doc_id if source in given else source,
    )


def scored(sample: Sample, outcome: Outcome, text: Text, name: Name) -> SampleResult:
    """The sample's result with the scores of its citations; one that cites nothing takes part in ``cited`` alone."""
    result = result_of(sample, outcome).model_copy(update={"gold": None, "label": None, "reason": None})
    if outcome.verdict is None:
        return result
    citations = outcome.verdict.citations
    gold = [(quote, places) for quote in sample.quotes if (places := _places(quote, citations, text, name))]
    scores: dict[str, Score] = {}
    if outcome.verdict.label != "unverifiable":
        scores["cited"] = Score(hits=bool(citations))
        if sample.quotes:
            scores["citation_recall"] = Score(hits=any(_to_the_point(c, gold, name) for c in citations))
    if citations:
        hits = sum(_to_the_point(citation, gold, name) for citation in citations)
        scores["citation_precision"] = Score(hits=hits, of=len(citations))
        exact = sum(_is_verbatim(citation, text) for citation in citations)
        scores["verbatim"] = Score(hits=exact, of=len(citations))
    return result.model_copy(update={"scores": scores})


def _is_verbatim(citation: Citation, text: Text) -> bool:
    read = text(citation.source)
    return read is not None and read[citation.span.start : citation.span.end] == citation.quote


def _to_the_point(citation: Citation, gold: Sequence[tuple[GoldQuote, tuple[Span, ...]]], name: Name) -> bool:
    return any(
        quote.stance == citation.stance
        and quote.doc_id == name(citation.source)
        and any(_meet(place, citation.span) for place in places)
        for quote, places in gold
    )


def _meet(one: Span, other: Span) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    shorter = min(one.end - one.start, other.end - other.start)
    return shared > 0 and shared >= SHARED * shorter


def _places(quote: GoldQuote, citations: Sequence[Citation], text: Text, name: Name) -> tuple[Span, ...]:
    """Everywhere the gold words stand in the document, if that is cited at all."""
    source = next((citation.source for citation in citations if name(citation.source) == quote.doc_id), None)
    read = text(source) if source is not None else None
    if read is None:
        return ()
    if exact := tuple(_exact(quote.quote, read)):
        return exact
    found = locate(quote.quote, read)
    return (found,) if found else ()


def _exact(words: str, text: str) -> Iterator[Span]:
    start = text.find(words) if words else -1
    while start >= 0:
        yield Span(start=start, end=start + len(words))
        start = text.find(words, start + 1)


TASK = Citations()
