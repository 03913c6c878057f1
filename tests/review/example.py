"""The examples' articles as reports with the verdicts that ``examples/expected.json`` gives for them."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

from factcheck.documents import read_document
from factcheck.models import (
    Claim,
    Document,
    Exclusion,
    ExclusionReason,
    Outcome,
    Passage,
    Provenance,
    Report,
    Search,
    Sentence,
    Span,
    StoreFingerprint,
    Usage,
    Verdict,
    account,
)
from factcheck.sentences import sentences_of
from factcheck.text import locate
from tests.report.samples import cited, evidence
from tests.review.browser import ROOT, written


def example(folder: Path, article: str = "article.en.md") -> Path:
    """A copy of an example in ``folder``: its references, and the report beside them."""
    shutil.copytree(ROOT / "examples" / "references", folder / "references")
    shutil.copy(ROOT / "examples" / article, folder / article)
    return written(_report(folder, article), folder)


def _report(folder: Path, article: str) -> Report:
    articles = json.loads((ROOT / "examples" / "expected.json").read_text(encoding="utf-8"))["articles"]
    told = next(one for one in articles if one["article"] == article)
    document = read_document(folder / article).model_copy(update={"source": article})
    sentences = sentences_of(document)
    references = {path.name: _reference(path) for path in sorted((folder / "references").iterdir())}
    kinds = list(zip(sentences, told["sentences"], strict=True))
    outcomes = tuple(
        _outcome(document, sentence, number, claim, references)
        for sentence, expected in kinds
        for number, claim in enumerate(expected["claims"], start=1)
    )
    exclusions = tuple(
        Exclusion(sentence=sentence.id, reason=expected["kind"])
        for sentence, expected in kinds
        if expected["kind"] in get_args(ExclusionReason)
    )
    return Report(
        document=document,
        sentences=sentences,
        outcomes=outcomes,
        exclusions=exclusions,
        failures=(),
        warnings=(),
        totals=account(sentences, outcomes, exclusions, ()),
        usage=Usage(),
        provenance=Provenance(
            factcheck="0.1.0",
            engine="llm",
            engine_reason="a model is configured",
            model="small-model",
            parameters={"temperature": 0},
            prompts={},
            store=StoreFingerprint(
                location="store",
                digest="d" * 64,
                embedder="minilm",
                chunking="sentences-600",
                passages=100,
                files={
                    path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                    for path in (folder / "references").iterdir()
                },
            ),
            settings={},
            as_of=date.fromisoformat(told["as_of"]),
            as_of_source="text",
            document_sha256=hashlib.sha256(document.text.encode()).hexdigest(),
            created=datetime(2026, 11, 22, 9, 12, tzinfo=UTC),
        ),
    )


def _reference(path: Path) -> Document:
    return read_document(path).model_copy(update={"source": f"references/{path.name}"})


def _outcome(
    document: Document, sentence: Sentence, number: int, told: dict[str, Any], references: dict[str, Document]
) -> Outcome:
    found = [(_around(references[one["file"]], one["quote"]), one) for one in told["evidence"]]
    citations = tuple(
        cited(passage, (locate(one["quote"], passage.text) or Span(start=0, end=0)).of(passage.text), one["stance"])
        for passage, one in found
    )
    unsettled = told["label"] == "unverifiable"
    return Outcome(
        claim=Claim(
            id=f"{sentence.id}.{number}",
            text=told["gist"],
            span=sentence.span,
            sentences=(sentence.id,),
            checkworthiness="high",
            queries=(told["gist"],),
        ),
        evidence=evidence(*dict.fromkeys(passage for passage, _ in found)),
        search=Search(queries=(told["gist"],), looked_wider=unsettled),
        verdict=Verdict(
            label=told["label"],
            reason=(told["reason"] or "no_passage_retrieved") if unsettled else None,
            rationale=f"The references leave this {told['label']}.",
            citations=citations,
        ),
    )


def _around(reference: Document, quote: str) -> Passage:
    """The block of the reference in which the quote stands."""
    span = locate(quote, reference.text)
    assert span is not None, quote
    whole = next((block.span for block in reference.blocks if block.span.contains(span)), span)
    return Passage(
        id=f"{reference.source}:{whole.start}",
        source=reference.source,
        title=reference.title,
        language=reference.language,
        published=reference.published,
        text=whole.of(reference.text),
        span=whole,
        pages=tuple(page for page in reference.pages if page.span.start < whole.end and whole.start < page.span.end),
    )
