"""The pairs a judge learns from: a premise as it is retrieved, a claim, and what the one says about the other.

Read from a folder of public sets in one form (see its README and ``index.json``). Only sets of the free licence tier
are opened, and for training only the part of them that :mod:`eval.parts` calls ``train``.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from eval.parts import Part, about_of, part_of

Label = Literal["supported", "contradicted", "unverifiable", "not_supported"]  # the last: one of the two before it

WINDOW_WORDS = 110  # about 160 pieces of the tokenizer, the claim not counted
TITLE_LENGTH = 80  # characters
TITLE_KEPT = 0.8  # the share of premises that keep their title: a passage at run time may have none
_LABELS = frozenset(get_args(Label))

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”“’»)\]]*\s+(?=[\"'„“‘«(\[]?[A-ZÄÖÜ0-9])|\n+")
_NO_END = re.compile(
    r"(?:^|[\s(])(?:[A-ZÄÖÜ]|[a-zäöü]|\d{1,2}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|No|Nr|ca|bzw|z\. ?B|d\. ?h|u\. ?a|e\.g|i\.e"
    r"|al|Fig|approx|Inc|Co|Ltd|geb|gest|Chr|usw)\.$"
)
_WORD = re.compile(r"\w+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing to learn; ``kind`` names its set, or what a contrast changed."""

    premise: str
    claim: str
    label: Label
    lang: str
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """A record of a verdict set with the file it came from."""

    file: str
    claim: str
    label: Label
    lang: str
    evidence: tuple[Mapping[str, Any], ...]
    meta: Mapping[str, Any]
    id: str
    part: Part


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of free text, with the title and the sentences it stands among."""

    text: str
    title: str
    before: str
    after: str
    lang: str
    about: str


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a ``.jsonl`` or ``.jsonl.gz`` file."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def free_files(folder: Path, kind: str) -> list[str]:
    """The files of one kind (``verdict``, ``corpus``) whose licence lets a model that ships be trained on them."""
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    files = [entry["file"] for entry in index if entry["kind"] == kind and entry["licence_tier"] == "free"]
    if any(file.startswith(("unstated/", "nc/")) for file in files):
        raise ValueError(f"{folder / 'index.json'} calls a file of unstated/ or nc/ free")
    return files


def rows_of(folder: Path, parts: Iterable[Part] = ("train",)) -> list[Row]:
    """The rows of the free verdict sets that belong to ``parts``; for training, without what the evaluation holds back.

    A training row is left out where its claim or its evidence also stands in a dev or test row of any set.
    """
    wanted = frozenset(parts)
    rows = [row for file in free_files(folder, "verdict") for row in _rows(folder, file)]
    held = [row for row in rows if row.part != "train"]
    claims = {_norm(row.claim) for row in held}
    # FEVER's symmetric twin rewrites FEVER's own evidence: the original would be half the answer.
    texts = {_norm(_joined(row)) for row in held if row.file.startswith("fever-symmetric/")}
    twins = {str(row.meta["fever_id"]) for row in held if "fever_id" in row.meta}

    def is_clean(row: Row) -> bool:
        if row.part != "train":
            return True
        known = row.file.startswith("fever/") and row.id.rpartition("-")[2] in twins
        return not known and _norm(row.claim) not in claims and _norm(_joined(row)) not in texts

    return [row for row in rows if row.part in wanted and is_clean(row)]


def _rows(folder: Path, file: str) -> Iterator[Row]:
    for record in read_jsonl(folder / file):
        if record["label"] not in _LABELS or not record["evidence"]:
            continue
        yield Row(
            file=file,
            claim=record["claim"],
            label=record["label"],
            lang=record["lang"],
            evidence=tuple(record["evidence"]),
            meta=record.get("meta") or {},
            id=record["id"],
            part=part_of(file, about_of(file, record)),
        )


def _norm(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _joined(row: Row) -> str:
    return " ".join(item["text"] for item in row.evidence)


def premise_of(title: str, text: str) -> str:
    """What the judge reads of a passage: its title, where it has one that says something, and a few sentences."""
    parts = [part.strip() for part in title.split("|")]
    name = parts[0] if len(parts) < 2 else f"{parts[0]}, {parts[-1]}"
    if not name or name.startswith(("http:", "https:")) or len(name) > TITLE_LENGTH:
        return text
    return f"{name}: {text}"


def split_sentences(text: str) -> list[str]:
    """The sentences of running text, English or German; a rough cut that is good enough to learn from."""
    sentences: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.start()].strip()
        if "\n" not in match.group() and _NO_END.search(piece):
            continue
        if piece:
            sentences.append(text[start : match.end()].strip())
        start = match.end()
    rest = text[start:].strip()
    return [*sentences, rest] if rest else sentences


def windows_of(sentences: Sequence[str], size: int) -> list[tuple[int, int]]:
    """All runs of ``size`` neighbouring sentences (fewer where there are no more), as half-open ranges."""
    if len(sentences) <= size:
        return [(0, len(sentences))] if sentences else []
    return [(start, start + size) for start in range(len(sentences) - size + 1)]


def overlap(claim: str, text: str) -> float:
    """The share of the claim's longer words and numbers that the text holds, told by their first six letters."""
    wanted = _keys(claim)
    return len(wanted & _keys(text)) / len(wanted) if wanted else 0.0


def _keys(text: str) -> frozenset[str]:
    return frozenset(word[:6] for word in _WORD.findall(text.casefold()) if len(word) > 3 or word[0].isdigit())


def pairs_of(rows: Sequence[Row], rng: random.Random) -> list[Pair]:
    """Every pair that the rows give: their evidence in windows, and other text that says nothing about their claim."""
    pairs = [pair for row in rows for pair in _from_row(row, rng)]
    return [*pairs, *_strangers(rows, rng)]


def _from_row(row: Row, rng: random.Random) -> Iterator[Pair]:
    set_name = row.file.partition("/")[0]
    make = _MAKERS.get(set_name, _whole)
    for pair in make(row, rng):
        if len(pair.claim.split()) <= WINDOW_WORDS // 2:
            yield replace(pair, kind=set_name)


def _whole(row: Row, rng: random.Random) -> Iterator[Pair]:
    """All of the evidence, where it is as short as a window; else the window nearest to the claim."""
    words = sum(len(item["text"].split()) for item in row.evidence)
    if words > WINDOW_WORDS:
        yield from _nearest(row, rng)
        return
    premise = " ".join(_titled(item, item["text"], rng) for item in row.evidence)
    yield _pair(row, premise, row.label)


def _nearest(row: Row, rng: random.Random) -> Iterator[Pair]:
    """The three sentences that hold most of the claim's words, and a stretch far from them as unverifiable."""
    sentences = [sentence for item in row.evidence for sentence in split_sentences(item["text"])]
    spans = [span for span in windows_of(sentences, 3) if _words(sentences, span) <= WINDOW_WORDS]
    if not spans:
        return
    shares = [overlap(row.claim, " ".join(sentences[slice(*span)])) for span in spans]
    best = max(range(len(spans)), key=shares.__getitem__)
    if shares[best] < 0.5 and row.label != "unverifiable":
        return  # what decides may stand elsewhere: the label would be a guess
    yield _pair(row, _titled(row.evidence[0], " ".join(sentences[slice(*spans[best])]), rng), row.label)
    away = [at for at, share in enumerate(shares) if share < 0.35 and abs(at - best) > 3]
    if away:
        span = spans[rng.choice(away)]
        yield _pair(row, _titled(row.evidence[0], " ".join(sentences[slice(*span)]), rng), "unverifiable")


def _rationale(row: Row, rng: random.Random) -> Iterator[Pair]:
    """The gold sentences alone and with neighbours; windows of the same text without them are unverifiable."""
    for item in row.evidence:
        sentences = split_sentences(item["text"])
        gold = [at for at in row.meta.get("rationale", {}).get(item["doc_id"], []) if at < len(sentences)]
        label = _noisy(row)
        if gold:
            core = (min(gold), max(gold) + 1)
            spans = {core, (max(0, core[0] - 1), core[1]), (core[0], min(len(sentences), core[1] + 1))}
            for span in sorted(spans):
                if _words(sentences, span) <= WINDOW_WORDS:
                    yield _pair(row, _titled(item, " ".join(sentences[slice(*span)]), rng), label)
        rest = [span for span in windows_of(sentences, rng.choice((1, 2, 3))) if not set(range(*span)) & set(gold)]
        rest = [span for span in rest if _words(sentences, span) <= WINDOW_WORDS]
        if gold or row.label == "unverifiable":
            rest.sort(key=lambda span: -overlap(row.claim, " ".join(sentences[slice(*span)])))
            # The nearest ones may still bear the claim out (annotators mark enough, not all): skip where one is close.
            chosen = [span for span in rest[:6] if overlap(row.claim, " ".join(sentences[slice(*span)])) < 0.6]
            for span in rng.sample(chosen, min(2, len(chosen))):
                yield _pair(row, _titled(item, " ".join(sentences[slice(*span)]), rng), "unverifiable")


def _noisy(row: Row) -> Label:
    """citint calls contradicted also what is only inexact."""
    return "not_supported" if row.file.startswith("citint/") and row.label == "contradicted" else row.label


def _table(row: Row, rng: random.Random) -> Iterator[Pair]:
    """A table's lines, those nearest to the claim first to stay, in their order."""
    item = row.evidence[0]
    lines = item["text"].splitlines()
    order = sorted(range(len(lines)), key=lambda at: -overlap(row.claim, lines[at]))
    kept: list[int] = []
    for at in order:
        if sum(len(lines[k].split()) for k in [*kept, at]) <= WINDOW_WORDS * 2 // 3:
            kept.append(at)
    yield _pair(row, _titled(item, "\n".join(lines[at] for at in sorted(kept)), rng), row.label)


_MAKERS: dict[str, Callable[[Row, random.Random], Iterator[Pair]]] = {
    "scifact": _rationale,
    "citint": _rationale,
    "summedits": _nearest,
    "bump": _nearest,
    "liar-plus": _nearest,
    "infotabs": _table,
    "scitab": _table,
}


def _strangers(rows: Sequence[Row], rng: random.Random) -> Iterator[Pair]:
    """Claims beside evidence of other rows: of the same page where there is another, else of a page near in words."""
    pool = [
        row for row in rows if row.file.startswith(("fever/", "feverous-s/", "fm2/")) and row.label != "unverifiable"
    ]
    by_page: dict[str, list[Row]] = {}
    for row in pool:
        by_page.setdefault(about_of(row.file, {"evidence": row.evidence, "meta": row.meta, "id": row.id}), []).append(
            row
        )
    by_word: dict[str, list[Row]] = {}
    for row in pool:
        for key in _keys(_joined(row)):
            by_word.setdefault(key, []).append(row)
    for here in by_page.values():
        row = rng.choice(here)
        others = [other for other in here if _joined(other) != _joined(row)]
        other = rng.choice(others) if others and rng.random() < 0.5 else _near_miss(row, by_word, rng)
        if other is None or overlap(row.claim, _joined(other)) > 0.5:
            continue
        item = other.evidence[0]
        if len(item["text"].split()) <= WINDOW_WORDS:
            yield Pair(_titled(item, item["text"], rng), row.claim, "unverifiable", row.lang, "strangers")


def _near_miss(row: Row, by_word: Mapping[str, list[Row]], rng: random.Random) -> Row | None:
    """A row of another page that shares the claim's rarest word."""
    keys = sorted(_keys(row.claim), key=lambda key: len(by_word.get(key, ())))
    for key in keys[:3]:
        found = [other for other in by_word.get(key, ()) if other.meta != row.meta]
        if found:
            return rng.choice(found)
    return None


def _titled(item: Mapping[str, Any], text: str, rng: random.Random) -> str:
    return premise_of(item["title"] if rng.random() < TITLE_KEPT else "", text)


def _pair(row: Row, premise: str, label: Label) -> Pair:
    return Pair(premise, row.claim, label, row.lang, "")


def _words(sentences: Sequence[str], span: tuple[int, int]) -> int:
    return sum(len(sentence.split()) for sentence in sentences[slice(*span)])


def parallel_pairs(rows: Sequence[Row]) -> list[Pair]:
    """Pairs across German and English: the claim of one language beside the evidence of the other (pawsx)."""
    by_pair: dict[int, dict[str, Row]] = {}
    for row in rows:
        if row.file.startswith("pawsx/") and row.lang in ("de", "en"):
            by_pair.setdefault(row.meta["pair"], {})[row.lang] = row
    found: list[Pair] = []
    for both in by_pair.values():
        if len(both) == 2 and both["de"].label == both["en"].label:
            for left, right in (("de", "en"), ("en", "de")):
                premise = both[left].evidence[0]["text"]
                found.append(Pair(premise, both[right].claim, both[right].label, right, "pawsx-cross"))
    return found


def sentences_of(folder: Path, rows: Sequence[Row], parts: Iterable[Part] = ("train",)) -> list[Sentence]:
    """Sentences of free running text to build contrasts from: the evidence of ``rows``, and xquad's paragraphs."""
    wanted = frozenset(parts)
    found: dict[str, Sentence] = {}
    for row in rows:
        if row.file.startswith(("fever/", "feverous-s/", "fm2/", "summedits/", "scifact/", "pawsx/", "liar-plus/")):
            for item in row.evidence:
                for sentence in _of_text(item["title"], item["text"], row.lang, item["doc_id"]):
                    found.setdefault(sentence.text, sentence)
        if row.file.startswith("pawsx/"):
            for sentence in _of_text("", row.claim, row.lang, f"pawsx {row.meta['pair']}"):
                found.setdefault(sentence.text, sentence)
    for record in read_jsonl(folder / "xquad" / "corpus.jsonl.gz"):
        if part_of("xquad/corpus.jsonl.gz", record["title"]) in wanted:
            for sentence in _of_text(record["title"], record["text"], record["doc_id"].split("-")[1], record["doc_id"]):
                found.setdefault(sentence.text, sentence)
    return list(found.values())


def _of_text(title: str, text: str, lang: str, about: str) -> Iterator[Sentence]:
    sentences = split_sentences(text)
    for at, sentence in enumerate(sentences):
        if 6 <= len(sentence.split()) <= 45:
            before = sentences[at - 1] if at else ""
            after = sentences[at + 1] if at + 1 < len(sentences) else ""
            yield Sentence(sentence, title, before, after, lang, about)


def parallel_sentences(folder: Path, parts: Iterable[Part] = ("train",)) -> list[tuple[Sentence, Sentence]]:
    """xquad's paragraphs sentence by sentence in English and German, where both have equally many."""
    wanted = frozenset(parts)
    texts: dict[str, dict[str, Mapping[str, Any]]] = {}
    for record in read_jsonl(folder / "xquad" / "corpus.jsonl.gz"):
        lang, _, place = record["doc_id"].removeprefix("xquad-").partition("-")
        if part_of("xquad/corpus.jsonl.gz", record["title"]) in wanted:
            texts.setdefault(place, {})[lang] = record
    found: list[tuple[Sentence, Sentence]] = []
    for both in texts.values():
        if {"de", "en"} <= both.keys():
            english, german = (split_sentences(both[lang]["text"]) for lang in ("en", "de"))
            if len(english) == len(german):
                title, about = both["en"]["title"], both["en"]["doc_id"]
                found += [
                    (Sentence(en, title, "", "", "en", about), Sentence(de, title, "", "", "de", about))
                    for en, de in zip(english, german, strict=True)
                    if len(en.split()) <= 45
                ]
    return found
