"""What the retrieval embedder is tuned on: claims, the passage that settles each, and passages near to it in words.

Read from the free sets, as ``training/data.py`` reads them, and cut and titled as the product does it. The sets in
``HELD`` are left out whole: whether tuning helps is read off them.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.parts import Part, part_of
from factcheck.models import Document
from factcheck.retrieve.passages import indexed_text, passages_of
from training.data import Row, overlap, read_jsonl, rows_of, split_sentences
from training.written import FOLDER, written

#: Sets with documents to retrieve from, of which nothing is learned: claims about science and about an encyclopaedia,
#: whose gold is the surest there is, and what models write. citint and xquad are left to learn from.
HELD = ("scifact", "fm2", "factcheck-bench")
LANGUAGES = ("en", "de")
WRONG = 8  # passages kept for a claim as near in words
_SEARCHED = 40  # of so many nearest ones
_AS_NEAR = 0.8  # of the words: a passage that holds so many may settle the claim too

_K1, _B = 1.5, 0.75
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage as it is embedded; ``about`` is the same for all that may say the same: a page, a translation."""

    text: str
    about: str


@dataclass(frozen=True, slots=True)
class Match:
    """A claim or question, the passage that settles it, and passages that are near to it and do not.

    ``kind`` is the set, with the languages of claim and passage where it has several; ``pool`` is where the passage
    lies: the set and the passage's language.
    """

    claim: str
    passage: Shown
    kind: str
    pool: str
    crosses: bool = False  # from one language to another
    wrong: tuple[Shown, ...] = ()


def matches_of(folder: Path, part: Part, own: Path = FOLDER) -> list[Match]:
    """Every match of a part, those of one claim next to each other; ``own`` holds the pairs written by hand."""
    held = _Held.in_(folder)
    rows = [row for row in rows_of(folder, (part,)) if not held.knows(row)]
    found = [*_from_rows(rows), *_from_paraphrases(rows), *_from_questions(folder, part), *_from_written(part, own)]
    return [one for one in found if held.page(one.passage.about) not in held.pages]


@dataclass(frozen=True)
class _Held:
    """What the sets in ``HELD`` hold: their claims, and the titles of their documents."""

    claims: frozenset[str]
    pages: frozenset[str]

    @staticmethod
    def in_(folder: Path) -> _Held:
        files = [path for name in HELD for path in sorted((folder / name).glob("*.jsonl*"))]
        corpora = [path for path in files if path.name.startswith("corpus.")]
        claims = {
            _plain(str(record["claim"]))
            for path in files
            if path not in corpora
            for record in read_jsonl(path)
            if "claim" in record
        }
        pages = {_Held.page(str(record["title"])) for path in corpora for record in read_jsonl(path)}
        return _Held(frozenset(claims), frozenset(pages - {""}))

    def knows(self, row: Row) -> bool:
        return row.file.startswith(tuple(f"{name}/" for name in HELD)) or _plain(row.claim) in self.claims

    @staticmethod
    def page(title: str) -> str:
        """A title without case, white space and what it has in brackets or past a bar, as ``eval.parts`` compares."""
        return _plain(re.sub(r"\s*[|(].*$", "", title))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _from_rows(rows: Iterable[Row]) -> Iterator[Match]:
    """A claim with each piece of the evidence that supports or contradicts it."""
    for row in rows:
        name = row.file.partition("/")[0]
        if name in ("fever", "feverous-s", "citint") and row.label in ("supported", "contradicted"):
            for item in row.evidence:
                passage = _nearest(_cut(item, row.lang), _deciding(row, item))
                if passage:
                    yield Match(row.claim, Shown(passage, item["title"] or item["doc_id"]), name, name)


def _deciding(row: Row, item: Mapping[str, Any]) -> str:
    """The sentences of a piece of evidence that annotators marked; the claim itself where they marked none."""
    sentences = split_sentences(item["text"])
    marked = [at for at in row.meta.get("rationale", {}).get(item["doc_id"], []) if at < len(sentences)]
    return " ".join(sentences[at] for at in marked) or row.claim


def _from_paraphrases(rows: Iterable[Row]) -> Iterator[Match]:
    """pawsx: a sentence and the same said otherwise, in one language or in two."""
    pairs: dict[int, dict[str, Row]] = {}
    for row in rows:
        if row.file.startswith("pawsx/") and row.label == "supported" and row.lang in LANGUAGES:
            pairs.setdefault(row.meta["pair"], {})[row.lang] = row
    for pair, both in pairs.items():
        for asked in both.values():
            for answering in both.values():
                shown = Shown(answering.evidence[0]["text"], f"pawsx {pair}")
                yield _between(asked.claim, asked.lang, shown, answering.lang, "pawsx")


def _from_questions(folder: Path, part: Part) -> Iterator[Match]:
    """xquad: a question and the passage of its paragraph with the answer, in one language or in two."""
    file = "xquad/corpus.jsonl.gz"
    if not (folder / file).is_file():
        return
    texts = {row["doc_id"]: row for row in read_jsonl(folder / file) if part_of(file, row["title"]) == part}
    passages = {name: _cut(row, row["lang"]) for name, row in texts.items()}
    rows = [row for row in read_jsonl(folder / "xquad" / "questions.jsonl.gz") if row["doc_id"] in texts]
    answers = {(_untold(row["id"]), row["lang"]): row for row in rows}
    for row in rows:
        for language in LANGUAGES:
            there = answers.get((_untold(row["id"]), language))
            holding = [text for text in passages[there["doc_id"]] if there["answer"] in text] if there else []
            if there and holding and row["lang"] in LANGUAGES:
                shown = Shown(_nearest(holding, there["question"]), f"xquad {_untold(there['doc_id'])}")
                yield _between(row["question"], row["lang"], shown, language, "xquad")


def _untold(name: str) -> str:
    """The id of a question or paragraph of xquad without its language: ``xquad-de-0-3`` is ``0-3``."""
    return name.removeprefix("xquad-").partition("-")[2]


def _from_written(part: Part, own: Path) -> Iterator[Match]:
    for one in written(own):
        if one.part == part:
            shown = Shown(_indexed(one.title, one.passage), one.id)
            for claim in one.claims:
                if claim.label != "unverifiable":
                    yield _between(claim.text, claim.lang, shown, one.lang, "written")


def _between(claim: str, asked: str, shown: Shown, answered: str, name: str) -> Match:
    return Match(claim, shown, f"{name}-{asked}-{answered}", f"{name}-{answered}", crosses=asked != answered)


def _cut(item: Mapping[str, Any], language: str) -> list[str]:
    """A document's passages as they are embedded."""
    document = Document(
        id=item["doc_id"],
        source=item["doc_id"],
        title=item["title"],
        language=language,
        published=None,
        media_type="text/plain",
        encoding=None,
        text=item["text"],
    )
    return [indexed_text(passage) for passage in passages_of(document)]


def _indexed(title: str, text: str) -> str:
    return f"{title}\n{text}" if title and not text.startswith(title) else text


def _nearest(passages: Sequence[str], words: str) -> str:
    """The passage with most of the words; empty where there is none."""
    return max(passages, key=lambda text: overlap(words, text), default="")


def with_wrong(matches: Sequence[Match]) -> list[Match]:
    """The matches with the passages of their set and language that a word search would bring up instead.

    A passage is taken for wrong only where it holds clearly fewer of the words than the right one: annotators mark
    enough, not all. Where claim and passage differ in language, the passage is what is searched with.
    """
    pools: dict[str, dict[str, Shown]] = {}
    right: dict[str, set[str]] = {}
    for match in matches:
        pools.setdefault(match.pool, {}).setdefault(match.passage.text, match.passage)
        right.setdefault(match.claim, set()).add(match.passage.text)
    searches = {name: (Bm25(list(pool)), list(pool.values())) for name, pool in pools.items()}
    found = []
    for match in matches:
        search, shown = searches[match.pool]
        query = match.passage.text if match.crosses else match.claim
        least = min(_AS_NEAR, overlap(query, match.passage.text))
        near = [shown[at] for at in search.nearest(query, _SEARCHED)]
        wrong = [other for other in near if other.text not in right[match.claim] and overlap(query, other.text) < least]
        found.append(replace(match, wrong=tuple(wrong[:WRONG])))
    return found


class Bm25:
    """Okapi BM25 (Robertson and Zaragoza 2009) over the beginnings of words, six letters of each."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_terms(text)) for text in texts]
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        against = _K1 * (1 - _B + _B * lengths / max(1e-9, float(lengths.mean()))) if texts else lengths
        places: dict[str, list[tuple[int, int]]] = {}
        for at, count in enumerate(counts):
            for term, times in count.items():
                places.setdefault(term, []).append((at, times))
        self._size = len(texts)
        self._weights: dict[str, tuple[NDArray[np.int64], NDArray[np.float32]]] = {}
        for term, found in places.items():
            at, times = np.array(found, dtype=np.int64).T
            rarity = math.log(1 + (len(texts) - len(found) + 0.5) / (len(found) + 0.5))
            self._weights[term] = at, (rarity * times * (_K1 + 1) / (times + against[at])).astype(np.float32)

    def nearest(self, query: str, many: int) -> list[int]:
        """The places of the texts that share the most telling words with the query, best first; equals in order."""
        scores = np.zeros(self._size, dtype=np.float32)
        for term in set(_terms(query)) & self._weights.keys():
            at, weights = self._weights[term]
            scores[at] += weights
        order = np.argsort(-scores, kind="stable")[:many]
        return [int(at) for at in order if scores[at] > 0]


def _terms(text: str) -> list[str]:
    return [word[:6] for word in _WORD.findall(text.casefold())]


def chosen(matches: Iterable[Match], most: int, seed: int) -> list[Match]:
    """At most so many matches of each kind, drawn by the seed."""
    by_kind: dict[str, list[Match]] = {}
    for match in matches:
        by_kind.setdefault(match.kind, []).append(match)
    rng = random.Random(seed)
    return [match for kind in sorted(by_kind) for match in rng.sample(by_kind[kind], min(most, len(by_kind[kind])))]
