"""What changed between two reports of one document: which verdicts, and what of all that decides them is another.

A cause is named only where it can have had a say: references where the judge was shown other passages, a splitting
prompt where the claim's words or queries are others. Where nothing recorded differs, that is said.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from factcheck.models import Evidence, Outcome, Provenance, Record, Report, Text
from factcheck.report.matching import match_claims
from factcheck.report.references import FileNames
from factcheck.report.words import Ending, Finder, counted, ending, flat
from factcheck.settings import EFFORT

About = Literal[
    "failure",  # the claim, or its sentence, could not be checked
    "text",  # the document's words are others
    "wording",  # the document's words are the same, the claim made of them is another
    "references",  # the judge was shown other passages
    "embedder",
    "engine",
    "model",
    "parameters",
    "prompts",
    "settings",
    "day",  # the day of writing that "yesterday" was read from
    "version",
    "nothing",  # nothing that is recorded
]
Side = Literal["report", "error", "absent"]

_TOLD_APART = {"engine", "model", "as_of"}  # the provenance says what they came to
_SPLIT_SETTINGS = {"window"}
_SHOWN = 60  # characters of a parameter's value


class Cause(Record):
    """Something that differs between two checks; ``files`` are those of the references it is about."""

    about: About
    message: Text
    files: tuple[Text, ...] = ()


class Told(Record):
    """What one of two reports says of a claim. ``detail`` is the reason of an unverifiable one, a failure's code."""

    id: str
    text: Text
    sentence: Text
    ending: Ending
    detail: str | None
    cited: tuple[Text, ...]


class Change(Record):
    """A claim that came to another end. ``reason``: it is still unverifiable, for another reason."""

    kind: Literal["verdict", "reason", "appeared", "vanished"]
    old: Told | None
    new: Told | None
    worse: bool  # contradicted, and was not before; or no longer supported
    why: tuple[Cause, ...]


class Tally(Record):
    """Claims: ``old == matched + vanished`` and ``new == matched + appeared``; ``changed`` of the matched ones."""

    old: int = 0
    new: int = 0
    matched: int = 0
    changed: int = 0
    appeared: int = 0
    vanished: int = 0


class DocumentDiff(Record):
    """One document in two runs. ``trouble`` says why there is no report where a side is ``error``.

    Of a document that has a report on one side only, the claims are counted and not listed.
    """

    document: Text
    old: Side
    new: Side
    trouble: Text = ""
    worse: bool = False
    claims: Tally = Tally()
    made: tuple[Cause, ...] = ()  # all that differs in how the two reports were made
    changes: tuple[Change, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs that a reader of the report would see: not how it was made, nor a mere reason."""
        return self.old != self.new or any(change.kind != "reason" for change in self.changes)


class Difference(Record):
    """Two runs, document by document."""

    old: Text
    new: Text
    documents: tuple[DocumentDiff, ...]

    @property
    def changed(self) -> bool:
        return any(document.changed for document in self.documents)

    @property
    def worse(self) -> bool:
        return any(document.worse for document in self.documents)


def compare_reports(document: str, old: Report, new: Report) -> DocumentDiff:
    """What changed between two reports of one document, whatever their claims are called."""
    sides = _Sides(old, new)
    matching = match_claims(old, new)
    changes = [
        *(change for pair in matching.pairs for change in sides.changed(*pair)),
        *(sides.appeared(outcome) for outcome in matching.appeared),
        *(sides.vanished(outcome) for outcome in matching.vanished),
    ]
    tally = Tally(
        old=len(old.outcomes),
        new=len(new.outcomes),
        matched=len(matching.pairs),
        changed=sum(change.kind == "verdict" for change in changes),
        appeared=len(matching.appeared),
        vanished=len(matching.vanished),
    )
    return DocumentDiff(
        document=document,
        old="report",
        new="report",
        worse=any(change.worse for change in changes),
        claims=tally,
        made=sides.made,
        changes=tuple(changes),
    )


def one_sided(
    document: str, *, old: Report | None = None, new: Report | None = None, trouble: str = "", was: Side, now: Side
) -> DocumentDiff:
    """A document with a report on one side or on none. A check that failed takes the support of its claims away; a
    document that is gone takes its claims with it.
    """
    before = [ending(outcome) for outcome in old.outcomes] if old is not None else []
    after = [ending(outcome) for outcome in new.outcomes] if new is not None else []
    return DocumentDiff(
        document=document,
        old=was,
        new=now,
        trouble=trouble,
        worse="contradicted" in after or (now == "error" and "supported" in before),
        claims=Tally(old=len(before), new=len(after), appeared=len(after), vanished=len(before)),
    )


def _is_worse(old: Ending | None, new: Ending | None) -> bool:
    became_contradicted = new == "contradicted" and old != "contradicted"
    return became_contradicted or (old == "supported" and new is not None and new != "supported")


@dataclass(frozen=True)
class _Shown:
    """A report, and its words and files looked up."""

    report: Report

    @cached_property
    def finder(self) -> Finder:
        return Finder(self.report)

    @cached_property
    def names(self) -> FileNames:
        return FileNames(self.report.provenance.store.files)

    @cached_property
    def sentences(self) -> Mapping[str, str]:
        """What became of each sentence, by its words: ``claims``, a reason of exclusion, or a failure's code."""
        ends = {exclusion.sentence: exclusion.reason for exclusion in self.report.exclusions}
        failed = {name: f"failed: {failure.code}" for failure in self.report.failures for name in failure.sentences}
        words = {s.id: flat(s.span.of(self.report.document.text)) for s in self.report.sentences}
        return {words[name]: failed.get(name) or ends.get(name) or "claims" for name in reversed(words)}

    def told(self, outcome: Outcome) -> Told:
        verdict, failure = outcome.verdict, outcome.failure
        citations = verdict.citations if verdict is not None else ()
        return Told(
            id=outcome.claim.id,
            text=outcome.claim.text,
            sentence=flat(self.finder.sentences(outcome.claim.sentences)),
            ending=ending(outcome),
            detail=failure.code if failure is not None else verdict.reason if verdict is not None else None,
            cited=tuple(dict.fromkeys(self.names.of(citation.source) for citation in citations)),
        )

    def seen_by_judge(self, outcome: Outcome) -> list[tuple[Any, ...]]:
        """All that a judge sees of a claim's passages, in the order in which it sees them."""
        return [(self._name(e), e.passage.text, e.passage.title, e.passage.published) for e in outcome.evidence]

    def retrieved(self, outcome: Outcome) -> list[str]:
        return list(dict.fromkeys(map(self._name, outcome.evidence)))

    def _name(self, evidence: Evidence) -> str:
        return self.names.of(evidence.passage.source)


class _Sides:
    """Two reports of one document side by side."""

    def __init__(self, old: Report, new: Report) -> None:
        self._old = _Shown(old)
        self._new = _Shown(new)
        was, now = old.provenance, new.provenance
        self._deciding = tuple(_deciding(was, now))
        self._splitting = tuple(_splitting(was, now))
        self._store = _changed_files(was.store.files, now.store.files) if was.store.digest != now.store.digest else None

    @property
    def made(self) -> tuple[Cause, ...]:
        """All that differs in how the reports were made, but for the document's own text."""
        files = [Cause(about="references", message=self._store.summary)] if self._store is not None else []
        return (*files, *self._deciding, *self._splitting)

    def changed(self, old: Outcome, new: Outcome) -> Iterator[Change]:
        """The change of a claim that both reports hold, if there is one."""
        was, now = self._old.told(old), self._new.told(new)
        if (was.ending, was.detail) == (now.ending, now.detail):
            return
        yield Change(
            kind="verdict" if was.ending != now.ending else "reason",
            old=was,
            new=now,
            worse=_is_worse(was.ending, now.ending),
            why=tuple(self._why(old, new, was, now)),
        )

    def appeared(self, outcome: Outcome) -> Change:
        now = self._new.told(outcome)
        why = tuple(self._why_split(now.sentence, self._old, "before"))
        return Change(kind="appeared", old=None, new=now, worse=_is_worse(None, now.ending), why=why)

    def vanished(self, outcome: Outcome) -> Change:
        was = self._old.told(outcome)
        why = tuple(self._why_split(was.sentence, self._new, "now"))
        return Change(kind="vanished", old=was, new=None, worse=False, why=why)

    def _why(self, old: Outcome, new: Outcome, was: Told, now: Told) -> Iterator[Cause]:
        reasons = [*self._failures(old, new), *self._words(was, now)]
        reworded = was.text != now.text or old.claim.queries != new.claim.queries
        other_passages = self._old.seen_by_judge(old) != self._new.seen_by_judge(new)
        if other_passages and self._store is not None:
            reasons.append(self._other_references(old, new, was, now, self._store))
        reasons += self._deciding
        reasons += self._splitting if reworded else ()
        if not reasons:
            shown = "other passages were retrieved" if other_passages else "the same passages were judged differently"
            reasons.append(Cause(about="nothing", message=f"nothing that is recorded: {shown}"))
        yield from reasons

    def _failures(self, old: Outcome, new: Outcome) -> Iterator[Cause]:
        if new.failure is not None:
            yield Cause(about="failure", message=f"the check failed now: {new.failure.code}: {new.failure.message}")
        elif old.failure is not None:
            yield Cause(about="failure", message=f"the check failed before: {old.failure.code}: {old.failure.message}")

    def _words(self, was: Told, now: Told) -> Iterator[Cause]:
        if was.sentence != now.sentence:
            yield Cause(about="text", message="the document's words were changed here")
        elif was.text != now.text:
            yield Cause(about="wording", message="the same words of the document were made into another claim")

    def _other_references(self, old: Outcome, new: Outcome, was: Told, now: Told, store: _FileChanges) -> Cause:
        before, after = self._old.retrieved(old), self._new.retrieved(new)
        concerned = {name: became for name, became in store.became.items() if name in {*before, *after}}
        cited_first = sorted(concerned, key=lambda name: (name not in {*was.cited, *now.cited}, name))
        told = [f"{name} {concerned[name]} ({_role(name, was, now, before)})" for name in cited_first]
        if not told:
            told = [store.summary, _moved(before, after)]
        return Cause(about="references", message="; ".join(told), files=tuple(sorted(concerned)))

    def _why_split(self, sentence: str, other: _Shown, when: str) -> Iterator[Cause]:
        """Why a claim of these words is missing in the other report."""
        became = other.sentences.get(sentence)
        if became is None:
            yield Cause(about="text", message=f"these words are not in the document {when}")
            return
        if became.startswith("failed"):
            yield Cause(about="failure", message=f"the sentence could not be split {when}: {became[8:]}")
            return
        told = f"the sentence was left out {when} ({became})" if became != "claims" else f"it has other claims {when}"
        yield Cause(about="wording", message=told)
        reasons = [*self._splitting, *(cause for cause in self._deciding if cause.about != "settings")]
        yield from reasons or [Cause(about="nothing", message="nothing that is recorded: it was split differently")]


def _role(name: str, was: Told, now: Told, before: Iterable[str]) -> str:
    if name in was.cited:
        return "cited before"
    if name in now.cited:
        return "cited now"
    return "retrieved before" if name in before else "retrieved now"


def _moved(before: list[str], after: list[str]) -> str:
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    told = [f"no longer retrieved: {', '.join(gone)}"] if gone else []
    told += [f"now retrieved: {', '.join(come)}"] if come else []
    return "; ".join(told) or "other passages of the same files were retrieved"


@dataclass(frozen=True)
class _FileChanges:
    """The files of two states of the references that differ: ``changed``, ``added`` or ``removed``."""

    became: Mapping[str, str]

    @property
    def summary(self) -> str:
        counts = Counter(self.became.values())
        kinds = [became for became in ("changed", "added", "removed") if counts[became]]
        told = ", ".join(f"{counted(counts[became], 'file')} {became}" for became in kinds)
        return f"references: {told or 'the same files, cut or embedded differently'}"


def _changed_files(old: Mapping[str, str], new: Mapping[str, str]) -> _FileChanges:
    return _FileChanges(
        {
            name: "removed" if name not in new else "added" if name not in old else "changed"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        }
    )


def _deciding(old: Provenance, new: Provenance) -> Iterator[Cause]:
    """What differs and has a say in every verdict."""
    if old.store.embedder != new.store.embedder or old.store.chunking != new.store.chunking:
        told = _arrow("embedder", old.store.embedder, new.store.embedder)
        told += _arrow("chunking", old.store.chunking, new.store.chunking)
        yield Cause(about="embedder", message="; ".join(told))
    if old.engine != new.engine:
        yield Cause(about="engine", message=_arrow("engine", old.engine, new.engine)[0])
    if old.model != new.model:
        yield Cause(about="model", message=_arrow("model", old.model, new.model)[0])
    if told := _differing(old.parameters, new.parameters):
        yield Cause(about="parameters", message="; ".join(told))
    if old.engine == new.engine and (told := _prompts(old, new, splitting=False)):
        yield Cause(about="prompts", message=f"prompts: {', '.join(told)}")
    ignored = EFFORT | _TOLD_APART | _SPLIT_SETTINGS
    if told := _differing(_but(old.settings, ignored), _but(new.settings, ignored)):
        yield Cause(about="settings", message="; ".join(told))
    if old.factcheck != new.factcheck:
        yield Cause(about="version", message=_arrow("factcheck", old.factcheck, new.factcheck)[0])


def _splitting(old: Provenance, new: Provenance) -> Iterator[Cause]:
    """What differs and has a say only in how sentences become claims and queries."""
    if old.engine == new.engine and (told := _prompts(old, new, splitting=True)):
        yield Cause(about="prompts", message=f"prompts: {', '.join(told)}")
    window = {name: old.settings.get(name) for name in _SPLIT_SETTINGS}
    if told := _differing(window, {name: new.settings.get(name) for name in _SPLIT_SETTINGS}):
        yield Cause(about="settings", message="; ".join(told))
    if old.as_of != new.as_of:
        yield Cause(about="day", message=_arrow("day of writing", old.as_of, new.as_of)[0])


def _prompts(old: Provenance, new: Provenance, *, splitting: bool) -> list[str]:
    names = sorted(old.prompts.keys() | new.prompts.keys())
    return [n for n in names if old.prompts.get(n) != new.prompts.get(n) and n.startswith("split.") == splitting]


def _but(settings: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in names}


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """One line for each name whose value is another, ``weights.judge`` for one inside; a missing one counts as null."""
    lines: list[str] = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            lines += [f"{name}.{line}" for line in _differing(was, now)]
        else:
            lines += _arrow(name, was, now)
    return lines


def _arrow(name: str, old: object, new: object) -> list[str]:
    return [] if old == new else [f"{name} {_value(old)} → {_value(new)}"]


def _value(value: object) -> str:
    if value is None:
        return "none"
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
