"""From the sentences of a store to contrast cases: a balanced choice, each changed sentence beside itself unchanged."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from random import Random

from eval.make_contrast.absent import Inventor
from eval.make_contrast.corpus import Corpus
from eval.make_contrast.dates import date_edits
from eval.make_contrast.edit import Edit, Kind, stands_elsewhere
from eval.make_contrast.entities import cast_of, entity_edits
from eval.make_contrast.negation import is_negative, negation_edits
from eval.make_contrast.numbers import number_edits
from eval.make_contrast.sentences import LANGUAGES, Statement, Unusable, statements_of
from eval.records import GoldQuote, Reference, Sample
from factcheck.models import Passage

KINDS = ("number", "date", "entity", "negation", "absent")
UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Cases:
    """The cases made, and the account of what they were made of.

    ``possible`` counts, by language and kind, the statements out of which such a case can be made.
    """

    samples: tuple[Sample, ...]
    sentences: int
    statements: Counter[str]  # by language
    unusable: Counter[Unusable]
    possible: Counter[tuple[str, str]]
    left_out: tuple[str, ...]  # languages of the store in which no case can be made


@dataclass(frozen=True)
class _Made:
    """A changed or made-up claim about one statement, with the passages to judge it by."""

    kind: str
    claim: str
    statement: Statement
    passages: tuple[Passage, ...]


def cases(
    passages: Sequence[Passage], *, name: str, n: int, seed: int, doc_ids: Mapping[str, str] | None = None
) -> Cases:
    """Up to ``n`` cases out of all the passages of a store; the same passages, ``n`` and seed make the same cases.

    ``doc_ids`` gives the name a sample uses for each source; without it, its path below what all of them share.
    """
    corpus = Corpus(passages)
    statements, unusable = statements_of(passages)
    made = _all_made(statements, corpus, seed)
    chosen = _balanced(made, n, seed)
    write = _Writer(name, doc_ids or short_names([passage.source for passage in passages]))
    return Cases(
        samples=tuple(write.samples(chosen)),
        sentences=len(statements) + unusable.total(),
        statements=Counter(statement.language for statement in statements),
        unusable=unusable,
        possible=Counter((item.statement.language, item.kind) for item in made),
        left_out=tuple(sorted({passage.language for passage in passages} - set(LANGUAGES))),
    )


def short_names(sources: Sequence[str]) -> dict[str, str]:
    """Each source without the folders that all of them share, with ``/`` between the rest."""
    paths = {source: PurePath(source) for source in sources}
    shared = 0
    folders = [path.parts[:-1] for path in paths.values()]
    while folders and all(len(parts) > shared and parts[shared] == folders[0][shared] for parts in folders):
        shared += 1
    return {source: "/".join(path.parts[shared:]) for source, path in paths.items()}


def _all_made(statements: Sequence[Statement], corpus: Corpus, seed: int) -> list[_Made]:
    """Every case that can be made: of each statement at most one of each kind."""
    cast = cast_of(corpus, statements)
    inventor = Inventor(statements, corpus)
    ways: dict[Kind, Callable[[Statement, Random], list[Edit]]] = {
        "number": lambda statement, random: number_edits(statement.text, statement.language, random),
        "date": lambda statement, random: date_edits(statement.text, statement.language, random),
        "entity": lambda statement, random: entity_edits(statement, cast, random),
        "negation": lambda statement, random: negation_edits(statement.text, statement.language, random),
    }
    made: list[_Made] = []
    for statement in statements:
        for kind, edits_of in ways.items():
            if kind != "negation" and is_negative(statement.text, statement.language):
                continue  # what was not so in 1944 was not so in 1940 either
            edits = edits_of(statement, Random(f"{seed} {kind} {statement.text}"))
            claims = (edit.applied(statement.text) for edit in edits)
            claim = next((c for c in claims if kind == "negation" or not stands_elsewhere(c, statement, corpus)), None)
            if claim is not None:
                made.append(_Made(kind, claim, statement, (statement.passage,)))
        invented = inventor.absent(statement, Random(f"{seed} absent {statement.text}"))
        if invented is not None:
            made.append(_Made("absent", invented.claim, statement, invented.passages))
    return made


def _balanced(made: Sequence[_Made], n: int, seed: int) -> list[_Made]:
    """At most ``n`` cases, unchanged ones counted: kinds, languages and documents take turns while they last."""
    chosen: list[_Made] = []
    told: set[str] = set()
    queues = [
        iter(_by_document([item for item in made if (item.kind, item.statement.language) == (kind, language)], seed))
        for kind in KINDS
        for language in LANGUAGES
    ]
    while queues:
        for queue in list(queues):
            item = next(queue, None)
            if item is None:
                queues.remove(queue)
                continue
            new = item.statement.text not in told and item.kind != "absent"
            if len(chosen) + 1 + new > n:
                return chosen
            if new:
                told.add(item.statement.text)
                chosen.append(_Made(UNCHANGED, item.statement.text, item.statement, (item.statement.passage,)))
            chosen.append(item)
    return chosen


def _by_document(items: Sequence[_Made], seed: int) -> Iterator[_Made]:
    """The items in an order that the seed decides, one of each document before a second of any."""
    shuffled = sorted(items, key=lambda item: _digest(f"{seed} {item.kind} {item.statement.text}"))
    rounds: Counter[str] = Counter()
    placed: list[tuple[int, int]] = []
    for place, item in enumerate(shuffled):
        placed.append((rounds[item.statement.passage.source], place))
        rounds[item.statement.passage.source] += 1
    yield from (shuffled[place] for _, place in sorted(placed))


@dataclass(frozen=True)
class _Writer:
    name: str
    doc_ids: Mapping[str, str]

    def samples(self, made: Sequence[_Made]) -> Iterator[Sample]:
        """As samples, in the order of documents, the unchanged sentence first in each group."""
        order = {kind: place for place, kind in enumerate((UNCHANGED, *KINDS))}
        yield from sorted(map(self._sample, made), key=lambda s: (s.about, s.group, order[s.kind]))

    def _sample(self, item: _Made) -> Sample:
        statement = item.statement
        about = self.doc_ids[statement.passage.source]
        group = f"{self.name}/{_digest(f'{about} {statement.text}')[:12]}"
        decided = item.kind != "absent"
        return Sample(
            id=f"{group}-{item.kind}",
            dataset=f"contrast:{self.name}",
            about=about,
            claim=item.claim,
            language=statement.language,
            label="supported" if item.kind == UNCHANGED else "contradicted" if decided else "unverifiable",
            evidence=tuple(self._reference(passage) for passage in item.passages),
            quotes=(
                GoldQuote(
                    doc_id=about,
                    quote=statement.quote,
                    stance="supports" if item.kind == UNCHANGED else "contradicts",
                ),
            )
            if decided
            else (),
            documents=(about,) if decided else (),
            kind=item.kind,
            group=group,
        )

    def _reference(self, passage: Passage) -> Reference:
        return Reference(
            doc_id=self.doc_ids[passage.source], title=passage.title, text=passage.text, language=passage.language
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
