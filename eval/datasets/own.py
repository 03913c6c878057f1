"""The own set: articles, their references, and what an attentive editor says of every sentence and claim.

``articles/NAME.md`` is checked against all of ``references/``; ``articles/NAME.gold.json`` holds the gold: for each
sentence its kind, for each claim its label and the words that settle it; and contrast triples, which are claims about
the same references that stand in no article. Reading it checks it: words that are not where the gold says they are
raise ValueError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from eval.datasets.dataset import Dataset
from eval.records import DatasetInfo, GoldQuote, Reference, Sample
from factcheck.documents import list_documents, read_document
from factcheck.models import Document, ExclusionReason, Label, Record, Sentence, Span, Stance, Text, UnverifiableReason
from factcheck.sentences import sentences_of
from factcheck.text import locate

FOLDER = Path(__file__).resolve().parent / "own"
Changed = Literal["number", "date", "entity", "negation"]
_STANCE: dict[Label, Stance] = {"supported": "supports", "contradicted": "contradicts"}


class Quoted(Record):
    """Words that stand verbatim in a file of ``references/`` and settle the claim."""

    file: str
    quote: Text
    stance: Stance


class Near(Record):
    """Words on the same matter that do not settle the claim: a retriever should bring them, a judge resist them."""

    file: str
    quote: Text


class Statement(Record):
    """A claim's text with its gold label and evidence."""

    text: Text = Field(min_length=1)
    label: Label
    reason: UnverifiableReason | None = None
    evidence: tuple[Quoted, ...] = ()
    near: tuple[Near, ...] = ()

    @model_validator(mode="after")
    def _evidence_bears_out_the_label(self) -> Self:
        stances = {quoted.stance for quoted in self.evidence}
        if self.label == "unverifiable":
            wanted: set[Stance] = {"supports", "contradicts"} if self.reason == "conflicting_sources" else set()
        else:
            wanted = {_STANCE[self.label]}
        if stances != wanted:
            raise ValueError(f"labelled {self.label} ({self.reason}), its evidence is {stances or 'none'}: {self.text}")
        if self.label == "unverifiable" and self.reason is None:
            raise ValueError(f"unverifiable without a reason: {self.text}")
        if self.label == "unverifiable" and self.reason == "insufficient" and not self.near:
            raise ValueError(f"insufficient, and nothing near it is named: {self.text}")
        return self


class GoldClaim(Statement):
    """A claim of an article.

    ``anchor``: the stretch of its sentence, verbatim. ``elements``: what a split claim must keep (names, numbers,
    dates, verbs), as written in the article or in ``text``. ``needs``: what the sentence alone does not say and the
    claim must, so that it stands alone (the name behind "she", the year behind "last spring").
    """

    id: str
    anchor: Text = Field(min_length=1)
    elements: tuple[Text, ...] = Field(min_length=1)
    needs: tuple[Text, ...] = ()


class GoldSentence(Record):
    """A sentence, found by how it starts; ``also`` lists kinds that are as right as ``kind``."""

    starts: Text = Field(min_length=1)
    kind: Literal["claims"] | ExclusionReason
    also: tuple[Literal["claims"] | ExclusionReason, ...] = ()
    claims: tuple[GoldClaim, ...] = ()

    @model_validator(mode="after")
    def _claims_where_it_says_so(self) -> Self:
        if (self.kind == "claims") != bool(self.claims):
            raise ValueError(f"{self.starts!r}: kind is {self.kind}, with {len(self.claims)} claims")
        return self


class Triple(Record):
    """Three claims of one wording: borne out; with one thing ``changed``, wrong; and changed so that nobody can say."""

    id: str
    changed: Changed
    supported: Statement
    contradicted: Statement
    unverifiable: Statement

    @model_validator(mode="after")
    def _each_has_its_label(self) -> Self:
        for label in ("supported", "contradicted", "unverifiable"):
            if getattr(self, label).label != label:
                raise ValueError(f"triple {self.id}: its {label} claim is labelled {getattr(self, label).label}")
        return self


class Gold(Record):
    language: str
    as_of: date
    sentences: tuple[GoldSentence, ...]
    triples: tuple[Triple, ...] = ()


@dataclass(frozen=True)
class Article:
    """An article as read, its sentences as the product finds them, and the gold of each, in the same order."""

    name: str
    document: Document
    sentences: tuple[Sentence, ...]
    gold: Gold

    def paired(self) -> Iterator[tuple[Sentence, GoldSentence]]:
        yield from zip(self.sentences, self.gold.sentences, strict=True)


def articles(folder: Path = FOLDER) -> tuple[Article, ...]:
    """All articles of the set with their gold, by name. Raises ValueError where gold and text disagree."""
    return tuple(_article(path) for path in sorted((folder / "articles").glob("*.gold.json")))


def _article(path: Path) -> Article:
    name = path.name.removesuffix(".gold.json")
    try:
        gold = Gold.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path}: {error}") from error
    document = read_document(path.with_name(f"{name}.md"))
    article = Article(name, document, sentences_of(document), gold)
    _check(article)
    return article


def _check(article: Article) -> None:
    stated = [sentence.starts for sentence in article.gold.sentences]
    found = [sentence.span.of(article.document.text) for sentence in article.sentences]
    for number, text in enumerate(found):
        if number >= len(stated) or not text.startswith(stated[number]):
            gold = stated[number] if number < len(stated) else "nothing"
            raise ValueError(f"{article.name}: sentence {number + 1} is {text[:60]!r}, the gold says {gold!r}")
    if len(stated) > len(found):
        raise ValueError(f"{article.name}: gold for a sentence that is not there: {stated[len(found)]!r}")
    claims = [(text, claim) for text, gold in zip(found, article.gold.sentences, strict=True) for claim in gold.claims]
    for text, claim in claims:
        if claim.anchor not in text:
            raise ValueError(f"{article.name} {claim.id}: the anchor is not in its sentence: {claim.anchor!r}")
    ids = [claim.id for _, claim in claims] + [triple.id for triple in article.gold.triples]
    if len(set(ids)) != len(ids):
        raise ValueError(f"{article.name}: an id stands twice among {ids}")


@lru_cache(maxsize=1)
def own_set(folder: Path = FOLDER) -> Dataset:
    """Every claim and every member of a triple as a sample, with the passages around its gold words as evidence."""
    samples = tuple(sample for article in articles(folder) for sample in _samples(article, folder / "references"))
    info = DatasetInfo(
        name="own",
        tier="own",
        licence="CC0-1.0",
        scheme="three",
        digest=_digest(folder),
        samples=len(samples),
    )
    return Dataset(info, samples, folder / "references")


def _samples(article: Article, references: Path) -> Iterator[Sample]:
    for sentence in article.gold.sentences:
        for claim in sentence.claims:
            yield _sample(article, claim.id, claim, references)
    for triple in article.gold.triples:
        for statement in (triple.supported, triple.contradicted, triple.unverifiable):
            name = f"{triple.id}-{statement.label}"
            yield _sample(
                article, name, statement, references, kind=triple.changed, group=f"{article.name}/{triple.id}"
            )


def _sample(
    article: Article, name: str, statement: Statement, references: Path, *, kind: str = "", group: str = ""
) -> Sample:
    named: Sequence[Quoted | Near] = (*statement.evidence, *statement.near)
    return Sample(
        id=f"own/{article.name}/{name}",
        dataset="own",
        about=article.name,
        claim=statement.text,
        language=article.gold.language,
        label=statement.label,
        evidence=tuple(dict.fromkeys(_passage(references, item.file, item.quote) for item in named)),
        quotes=tuple(GoldQuote(doc_id=q.file, quote=q.quote, stance=q.stance) for q in statement.evidence),
        documents=tuple(dict.fromkeys(quoted.file for quoted in statement.evidence)),
        kind=kind,
        group=group,
        as_of=article.gold.as_of,
    )


def _passage(references: Path, file: str, quote: str) -> Reference:
    """The paragraph (or the few) of the file in which the quote stands."""
    document = _read(references / file)
    found = locate(quote, document.text)
    if found is None or found.of(document.text) != quote:
        raise ValueError(f"{file} does not hold these words verbatim: {quote!r}")
    blocks = [block.span for block in document.blocks if block.span.start < found.end and found.start < block.span.end]
    span = Span(start=min(b.start for b in blocks), end=max(b.end for b in blocks)) if blocks else found
    return Reference(doc_id=file, title=document.title, text=span.of(document.text), language=document.language)


@lru_cache(maxsize=256)
def _read(path: Path) -> Document:
    return read_document(path)


def _digest(folder: Path) -> str:
    """Of every file's name and bytes: articles, gold and references."""
    digest = hashlib.sha256()
    for path in (*sorted((folder / "articles").iterdir()), *list_documents(folder / "references")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
