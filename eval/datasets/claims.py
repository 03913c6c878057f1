"""Texts whose sentences or claims people marked: what the splitting of a text is measured on.

Those of the own set, and the public sets of claims: ``factcheck-bench``, ``factscore`` and ``propsegment`` say which
sentence a claim is of, ``factool``, ``refchecker`` and ``claimdecomp`` only which text; ``germeval2021`` says of a
whole text whether it claims a fact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from eval.datasets import own
from eval.datasets.choosing import PartWanted, Wanted, limited
from eval.datasets.dataset import Dataset
from eval.datasets.public import SetFile, chosen_files, read_rows
from eval.parts import part_of
from eval.records import DatasetInfo
from factcheck.documents import document_from_text
from factcheck.errors import ConfigError
from factcheck.language.words import content, words
from factcheck.models import Document, ExclusionReason, Sentence, Span
from factcheck.sentences import sentences_of

Kind = Literal["claims"] | ExclusionReason
NOT_CLAIMS: frozenset[Kind] = frozenset(get_args(ExclusionReason))


@dataclass(frozen=True)
class GoldStatement:
    """A claim that people made of a text.

    ``elements`` are the words that must be kept of it, None where nobody listed them; ``needs`` are those that its
    sentence does not say; ``anchor`` is its stretch of the document.
    """

    text: str
    elements: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    anchor: Span | None = None


@dataclass(frozen=True)
class Unit:
    """A sentence with its gold; or, where a set does not go by sentences, or cuts them otherwise, several of them.

    ``kinds`` are the right answers, the best one first, empty where nobody said; ``claims`` is None where nobody wrote
    any. ``sentences`` are ids of the product's own sentences.
    """

    id: str
    sentences: tuple[str, ...]
    kinds: tuple[Kind, ...] = ()
    claims: tuple[GoldStatement, ...] | None = None


@dataclass(frozen=True)
class GoldText:
    """A text with its gold; texts on one matter share ``about``: the answers of several models to one question."""

    name: str
    about: str
    language: str
    document: Document
    sentences: tuple[Sentence, ...]
    units: tuple[Unit, ...]
    as_of: date | None = None


@dataclass(frozen=True)
class TextSet(Dataset):
    """A data set of texts; its samples are the units of all texts."""

    texts: tuple[GoldText, ...] = ()


def text_sets(wanted: Wanted) -> tuple[TextSet, ...]:
    """The own articles, or the public sets under ``wanted.path``.

    Raises ConfigError where there is nothing to measure, or a file cannot be read.
    """
    if wanted.path is None:
        return (own_texts(limit=wanted.limit),)
    files = [file for file in chosen_files(wanted) if file.set in _READERS and file.kind in ("claims", "detection")]
    if found := tuple(texts for file in files if (texts := _public(file, wanted)).texts):
        return found
    where = f" in part {wanted.part} ({', '.join(file.name for file in files)})" if files else ""
    raise ConfigError(f"{wanted.path}: no set of texts with claims{where}; known are {', '.join(_READERS)}")


def own_texts(folder: Path = own.FOLDER, *, limit: int | None = None) -> TextSet:
    """The articles of the own set, a unit for each sentence."""
    texts = tuple(_own_text(article) for article in own.articles(folder))
    if not texts:
        raise ConfigError(f"{folder}: holds no articles")
    return _set(own.own_set(folder).info, texts, limit)


def _own_text(article: own.Article) -> GoldText:
    units = tuple(
        Unit(
            id=f"own/{article.name}/{sentence.id}",
            sentences=(sentence.id,),
            kinds=tuple(dict.fromkeys((gold.kind, *gold.also))),
            claims=tuple(_own_statement(claim, sentence, article.document) for claim in gold.claims),
        )
        for sentence, gold in article.paired()
    )
    gold = article.gold
    return GoldText(article.name, article.name, gold.language, article.document, article.sentences, units, gold.as_of)


def _own_statement(claim: own.GoldClaim, sentence: Sentence, document: Document) -> GoldStatement:
    start = document.text.index(claim.anchor, sentence.span.start, sentence.span.end)
    return GoldStatement(claim.text, claim.elements, claim.needs, Span(start=start, end=start + len(claim.anchor)))


def _set(info: DatasetInfo, texts: Sequence[GoldText], limit: int | None) -> TextSet:
    """The set with at most ``limit`` units, of whole texts but for the last."""
    pairs = [(text, unit) for text in texts for unit in text.units]
    kept = {unit.id for _, unit in limited(pairs, limit, about=lambda pair: pair[0].about)}
    cut = tuple(_with_units(text, kept) for text in texts if any(unit.id in kept for unit in text.units))
    return TextSet(info.model_copy(update={"samples": len(kept)}), samples=(), texts=cut)


def _with_units(text: GoldText, kept: set[str]) -> GoldText:
    units = tuple(unit for unit in text.units if unit.id in kept)
    return replace(text, units=units)


def _public(file: SetFile, wanted: Wanted) -> TextSet:
    read, licence = _READERS[file.set]
    texts = []
    for number, row in _rows(file, wanted):
        try:
            texts.append(read(f"{file.name}/{row['id']}", row))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ConfigError(f"{file.path}, line {number}: not as {file.set} writes it ({error})") from error
    info = DatasetInfo(
        name=file.name,
        tier=file.tier,
        licence=licence,
        scheme="three",
        digest=hashlib.sha256(file.path.read_bytes()).hexdigest(),
        samples=0,
        part=wanted.part,
    )
    return _set(info, texts, wanted.limit)


def _rows(file: SetFile, wanted: Wanted) -> tuple[tuple[int, dict[str, Any]], ...]:
    """The rows of the part asked for, no more than can be needed: each gives a unit or more."""
    rows = [(number, row) for number, row in read_rows(file.path) if _is_in(wanted.part, file, row)]
    return limited(rows, wanted.limit, about=lambda numbered: _about(numbered[1]))


def _is_in(part: PartWanted, file: SetFile, row: Mapping[str, Any]) -> bool:
    return part in ("all", part_of(file.file, _about(row)))


def _about(row: Mapping[str, Any]) -> str:
    """The person a biography is of, the cluster of pages, the question answered, or the text itself."""
    return str(row.get("topic") or row.get("cluster") or row.get("question_id") or row.get("id"))


def _by_text(name: str, row: Mapping[str, Any]) -> GoldText:
    """Claims of a text without a word on which sentence they are of."""
    document, sentences = _read(row["document"], row["lang"])
    claims = tuple(GoldStatement(text) for text in row["claims"])
    units = (Unit(name, tuple(s.id for s in sentences), claims=claims),) if sentences else ()
    return GoldText(name, _about(row), row["lang"], document, sentences, units)


def _detection(name: str, row: Mapping[str, Any]) -> GoldText:
    document, sentences = _read(row["text"], row["lang"])
    kinds: tuple[Kind, ...] = ("claims",) if row["fact_claiming"] else tuple(sorted(NOT_CLAIMS))
    units = (Unit(name, tuple(s.id for s in sentences), kinds=kinds),) if sentences else ()
    return GoldText(name, _about(row), row["lang"], document, sentences, units)


@dataclass(frozen=True)
class _Marked:
    """A sentence as a set cuts and marks it."""

    text: str
    kinds: tuple[Kind, ...]
    claims: tuple[GoldStatement, ...]


def _by_sentence(
    name: str,
    row: Mapping[str, Any],
    *,
    of: Callable[[Mapping[str, Any]], Sequence[int]],
    kinds: Callable[[Any, bool], tuple[Kind, ...]],
) -> GoldText:
    """``of`` gives each claim's sentence, ``kinds`` what a sentence is, told also whether it has claims."""
    document, sentences = _read(row["document"], row["lang"])
    claims: list[list[GoldStatement]] = [[] for _ in row["sentences"]]
    for text, place in zip(row["claims"], of(row), strict=True):
        claims[place].append(GoldStatement(text))
    marked = [
        _Marked(s if isinstance(s, str) else s["text"], kinds(s, bool(own)), tuple(own))
        for s, own in zip(row["sentences"], claims, strict=True)
    ]
    return GoldText(
        name, _about(row), row["lang"], document, sentences, tuple(_aligned(name, document, sentences, marked))
    )


def _aligned(name: str, document: Document, sentences: Sequence[Sentence], marked: Sequence[_Marked]) -> Iterator[Unit]:
    """Our sentences and the set's, joined wherever either is most like the other: the smallest units that fit."""
    ours = [_keys(sentence.span.of(document.text), document.language) for sentence in sentences]
    theirs = [_keys(each.text, document.language) for each in marked]
    joined = {(at, place) for at, mine in enumerate(ours) if (place := _most_like(mine, theirs)) is not None}
    joined |= {(at, place) for place, their in enumerate(theirs) if (at := _most_like(their, ours)) is not None}
    for our_places, their_places in _components(joined):
        gold = [marked[place] for place in their_places]
        said = [each.kinds for each in gold if each.kinds]
        kinds = next((kinds for kinds in said if "claims" in kinds), said[0] if said else ())
        claims = tuple(claim for each in gold for claim in each.claims)
        ids = tuple(sentences[place].id for place in our_places)
        yield Unit(f"{name}/{ids[0]}", ids, kinds if len(said) == len(gold) or "claims" in kinds else (), claims)


def _keys(text: str, language: str) -> frozenset[str]:
    tokens = words(text, language)
    return frozenset(word.key for word in content(tokens, language) or tokens)


def _most_like(keys: frozenset[str], others: Sequence[frozenset[str]]) -> int | None:
    """The first of those that share most words with ``keys``; None where none shares any."""
    shares = [len(keys & other) / (len(keys | other) or 1) for other in others]
    best = max(shares, default=0.0)
    return shares.index(best) if best > 0 else None


def _components(pairs: set[tuple[int, int]]) -> Iterator[tuple[list[int], list[int]]]:
    """The connected parts of a graph of (left, right) pairs, in order of their first left."""
    left_open = sorted(pairs)
    while left_open:
        lefts, rights = {left_open[0][0]}, {left_open[0][1]}
        grown = True
        while grown:
            part = [pair for pair in left_open if pair[0] in lefts or pair[1] in rights]
            grown = not {left for left, _ in part} <= lefts or not {right for _, right in part} <= rights
            lefts |= {left for left, _ in part}
            rights |= {right for _, right in part}
        left_open = [pair for pair in left_open if pair[0] not in lefts]
        yield sorted(lefts), sorted(rights)


def _read(text: str, language: str) -> tuple[Document, tuple[Sentence, ...]]:
    document = document_from_text(text).model_copy(update={"language": language})
    return document, sentences_of(document)


def _bench_kinds(sentence: Any, has_claims: bool) -> tuple[Kind, ...]:
    if sentence["checkworthy"] == "yes":
        return ("claims",)
    return ("opinion", "prediction") if sentence["checkworthy"] == "opinion" else tuple(sorted(NOT_CLAIMS))


def _only_where_claimed(sentence: Any, has_claims: bool) -> tuple[Kind, ...]:
    return ("claims",) if has_claims else ()


_Reader = Callable[[str, Mapping[str, Any]], GoldText]
_WITH_PLACES: _Reader = partial(_by_sentence, of=lambda row: row["claim_sentence"], kinds=_only_where_claimed)
_BENCH: _Reader = partial(_by_sentence, of=lambda row: [m["sentence"] for m in row["claim_meta"]], kinds=_bench_kinds)
_READERS: dict[str, tuple[_Reader, str]] = {  # set -> reader, licence
    "factcheck-bench": (_BENCH, "Apache-2.0"),
    "factscore": (_WITH_PLACES, "MIT"),
    "factool": (_by_text, "Apache-2.0"),
    "refchecker": (_by_text, "CC BY 4.0"),
    "claimdecomp": (_by_text, ""),
    "propsegment": (_WITH_PLACES, ""),
    "germeval2021": (_detection, ""),
}
