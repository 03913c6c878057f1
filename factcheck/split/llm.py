"""Splits a document into stand-alone claims with a chat model; whatever it answers, every sentence gets one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Annotated, Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from factcheck.errors import ModelError, ModelUnavailable
from factcheck.models import (
    Checkworthiness,
    Claim,
    Document,
    Exclusion,
    ExclusionReason,
    Failure,
    FailureCode,
    Notice,
    Sentence,
    Span,
)
from factcheck.prompts import fence, fill, tag_for
from factcheck.protocols import ChatModel, Prompt, Split
from factcheck.sentences import furniture_of
from factcheck.split.windows import Window, windows_of
from factcheck.text import locate

LONGEST_SENTENCE = 24_000  # characters; a longer one (a dump without a full stop) fails, it is not cut
LONGEST_CLAIM = 1_000  # a longer "claim" is a model running on
LONGEST_QUERY = 300
TOO_LARGE: set[FailureCode] = {"truncated", "context_overflow"}  # half the window may still pass
REASONS: dict[str, ExclusionReason] = {reason: reason for reason in get_args(ExclusionReason)}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _name(value: Any) -> Any:
    """A sentence id as we write it, where a model copied the brackets or changed the case."""
    return value.strip("[] \n").lower() if isinstance(value, str) else value


def _many(value: Any) -> Any:
    return () if value is None else (value,) if isinstance(value, str) else value


def _priority(value: Any) -> Any:
    """Only a hint for sorting: a word of the model's own counts as medium rather than cost a claim."""
    return _word(value) if _word(value) in get_args(Checkworthiness) else "medium"


def _lean(schema: dict[str, Any]) -> None:
    """What a model reads: every field required, no other allowed, and no words it does not need."""
    schema.pop("title", None)
    schema.pop("description", None)
    schema["properties"] = {
        name: {key: value for key, value in described.items() if key not in ("title", "default")}
        for name, described in schema["properties"].items()
    }
    schema.update(required=list(schema["properties"]), additionalProperties=False)


Name = Annotated[str, BeforeValidator(_name)]
Kind = Annotated[
    str, BeforeValidator(_word), WithJsonSchema({"type": "string", "enum": ["claims", *get_args(ExclusionReason)]})
]


class _Answered(BaseModel):
    """Reads what models without an enforced schema send, too; the schema they are shown is stricter."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, json_schema_extra=_lean)


class AnsweredClaim(_Answered):
    quote: str = ""
    text: str = ""
    also: Annotated[tuple[Name, ...], BeforeValidator(_many)] = ()
    checkworthiness: Annotated[Checkworthiness, BeforeValidator(_priority)] = "medium"
    queries: Annotated[tuple[str, ...], BeforeValidator(_many)] = ()

    @property
    def usable(self) -> bool:
        return 0 < len(_line(self.text)) <= LONGEST_CLAIM


class AnsweredSentence(_Answered):
    id: Name
    kind: Kind
    claims: Annotated[tuple[AnsweredClaim, ...], BeforeValidator(_many)] = ()


class SplitAnswer(_Answered):
    sentences: tuple[AnsweredSentence, ...]


@dataclass(frozen=True)
class _Ends:
    """What became of the sentences of a window; each is in claims, in exclusions, or in one failure."""

    claims: dict[str, tuple[AnsweredClaim, ...]] = field(default_factory=dict)
    exclusions: dict[str, ExclusionReason] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    warnings: tuple[Notice, ...] = ()
    stop: ModelUnavailable | None = None

    def __add__(self, other: _Ends) -> _Ends:
        return _Ends(
            self.claims | other.claims,
            self.exclusions | other.exclusions,
            self.failures + other.failures,
            self.warnings + other.warnings,
            self.stop or other.stop,
        )


@dataclass(frozen=True)
class LLMSplitter:
    """A ``protocols.Splitter``: one call per window of sentences, one more for those its answer left open.

    ``as_of`` is the day the document was written, ``languages`` those of the store (ISO 639-1, the most frequent
    first) for the search queries; ``window`` (sentences) and ``characters`` bound one call, ``in_flight`` the windows
    open at a time.
    """

    chat: ChatModel
    as_of: date | None = None
    languages: Sequence[str] = ()
    window: int = 24
    characters: int = 8_000
    in_flight: int = 32

    async def split(self, document: Document, sentences: Sequence[Sentence]) -> AsyncIterator[Split]:
        """Yields a part per window as it is answered; what code excluded comes with the first answered part.

        After ModelUnavailable no further window is begun, and it is raised once those under way have been yielded.
        """
        prose, unsent = _sorted_out(document, sentences)
        windows = windows_of(prose, size=self.window, characters=self.characters)
        running = {self._begin(document, window) for window in islice(windows, self.in_flight)}
        stop: ModelUnavailable | None = None
        try:
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for split, unavailable in [task.result() for task in done]:
                    stop = stop or unavailable
                    if unsent is not None and (split.claims or split.exclusions):
                        yield unsent
                        unsent = None
                    yield split
                if stop is None:
                    running |= {self._begin(document, each) for each in islice(windows, self.in_flight - len(running))}
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if stop is not None:
            raise stop
        if unsent is not None:
            yield unsent

    def _begin(self, document: Document, window: Window) -> asyncio.Task[tuple[Split, ModelUnavailable | None]]:
        return asyncio.create_task(self._part(document, window))

    async def _part(self, document: Document, window: Window) -> tuple[Split, ModelUnavailable | None]:
        ends = await self._settle(document, window)
        return _records(document.text, window.asked, ends), ends.stop

    async def _settle(self, document: Document, window: Window, *, again: bool = False) -> _Ends:
        """Asks for a window, in halves where it is too large, and once more for what the answer left open."""
        try:
            answer = await self.chat.ask(self._prompt(document, window, again=again), SplitAnswer)
        except ModelUnavailable as error:
            return _Ends(failures=(_failure(error.code, window.names, str(error)),), stop=error)
        except ModelError as error:
            if error.code not in TOO_LARGE or len(window.asked) == 1:
                return _Ends(failures=(_failure(error.code, window.names, str(error)),))
            first, second = await asyncio.gather(*(self._settle(document, w, again=again) for w in window.halves()))
            return first + second
        ends, still_open = _read(answer, window.names)
        if not still_open:
            return ends
        if again:
            return ends + _given_up(still_open)
        return ends + await self._settle(document, window.narrowed(still_open), again=True)

    def _prompt(self, document: Document, window: Window, *, again: bool) -> Prompt:
        parts = {
            "title": _line(document.title),
            "background": "\n".join(_line(sentence.span.of(document.text)) for sentence in window.opening),
            "text": "\n".join(_lines(document.text, window)),
        }
        tag = tag_for(*parts.values())
        user = fill(
            "split.again" if again else "split.user",
            language="as in the text" if document.language == "und" else document.language,
            languages=", ".join(self.languages) or "the document's",
            written=f"{self.as_of.isoformat()}, a {WEEKDAYS[self.as_of.weekday()]}" if self.as_of else "unknown",
            document="\n".join(fence(kind, tag, part) for kind, part in parts.items() if part),
            count=str(len(window.names)),
            ids=", ".join(window.names),
        )
        return Prompt(stage="split", system=fill("split.system"), user=user)


def _sorted_out(document: Document, sentences: Sequence[Sentence]) -> tuple[tuple[Sentence, ...], Split | None]:
    """The sentences to send, and the ends of the others: furniture, and what is too long to be read whole."""
    furniture = furniture_of(document, sentences)
    lengths = {s.id: s.span.end - s.span.start for s in sentences if s.id not in furniture}
    endless = {name: length for name, length in lengths.items() if length > LONGEST_SENTENCE}
    prose = tuple(s for s in sentences if s.id not in furniture and s.id not in endless)
    if len(prose) == len(sentences):
        return prose, None
    return prose, Split(
        exclusions=tuple(Exclusion(sentence=s.id, reason="furniture") for s in sentences if s.id in furniture),
        failures=tuple(
            _failure(
                "context_overflow", [name], f"one sentence of {length} characters, at most {LONGEST_SENTENCE} are read"
            )
            for name, length in endless.items()
        ),
    )


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str, window: Window) -> Iterator[str]:
    """One line per sentence, with its id where it is asked for; paragraphs stay apart."""
    asked, end = set(window.names), None
    for sentence in window.lines:
        if end is not None and "\n\n" in text[end : sentence.span.start]:
            yield ""
        line = _line(sentence.span.of(text))
        yield f"[{sentence.id}] {line}" if sentence.id in asked else line
        end = sentence.span.end


def _read(answer: SplitAnswer, names: Sequence[str]) -> tuple[_Ends, dict[str, tuple[AnsweredClaim, ...] | None]]:
    """The ends an answer gives to ``names``, and what it leaves open.

    Open is a sentence without an entry (None), and one whose entries do not come to one thing (with their claims):
    two kinds, an unknown kind, a kind that does not go with its claims, a claim without words or without end.
    """
    entries: dict[str, list[AnsweredSentence]] = {name: [] for name in names}
    strangers: list[AnsweredSentence] = []
    for entry in answer.sentences:
        entries.get(entry.id, strangers).append(entry)
    claims: dict[str, tuple[AnsweredClaim, ...]] = {}
    exclusions: dict[str, ExclusionReason] = {}
    still_open: dict[str, tuple[AnsweredClaim, ...] | None] = {}
    for name, said in entries.items():
        kinds, found = {entry.kind for entry in said}, _claims_in(said)
        if kinds == {"claims"} and found and all(claim.usable for claim in found):
            claims[name] = found
        elif len(kinds) == 1 and kinds <= REASONS.keys() and not found:
            exclusions[name] = REASONS[kinds.pop()]
        else:
            still_open[name] = found if said else None
    return _Ends(claims, exclusions, warnings=_set_aside(strangers)), still_open


def _claims_in(entries: Sequence[AnsweredSentence]) -> tuple[AnsweredClaim, ...]:
    """The claims of all entries for one sentence, each wording once."""
    found: dict[str, AnsweredClaim] = {}
    for claim in (claim for entry in entries for claim in entry.claims):
        found.setdefault(_line(claim.text), claim)
    return tuple(found.values())


def _set_aside(strangers: Sequence[AnsweredSentence]) -> tuple[Notice, ...]:
    """A warning about claims under ids nobody asked for. Without claims such an entry says nothing worth a word."""
    return tuple(
        Notice(
            code="anchor_not_found",
            message=f"set aside, given for {_short(entry.id)}, a sentence not asked for: “{_short(claim.text)}”",
        )
        for entry in strangers
        for claim in entry.claims
        if claim.text.strip()
    )


def _given_up(still_open: dict[str, tuple[AnsweredClaim, ...] | None]) -> _Ends:
    """The ends of sentences that two answers left open.

    Claims are kept whatever kind they came under: they are checked like any other, and dropping them would lose them.
    """
    kept = {name: tuple(claim for claim in found or () if claim.usable) for name, found in still_open.items()}
    left_out = [name for name, found in still_open.items() if found is None]
    confused = [name for name, found in still_open.items() if found is not None and not kept[name]]
    spoilt = [name for name, found in still_open.items() if kept[name] and kept[name] != found]
    failures = (
        _failure("left_out", left_out, "the model left these sentences out, twice") if left_out else None,
        _failure("malformed", confused, "the model's entries for these sentences contradict themselves, twice")
        if confused
        else None,
        # these sentences have other claims, which are their end
        _failure("malformed", (), f"a claim without words or without end was given for {', '.join(spoilt)}, twice")
        if spoilt
        else None,
    )
    return _Ends(
        claims={name: claims for name, claims in kept.items() if claims},
        failures=tuple(failure for failure in failures if failure is not None),
    )


def _failure(code: FailureCode, names: Sequence[str], message: str) -> Failure:
    return Failure(stage="split", code=code, message=message, sentences=tuple(names))


def _records(text: str, asked: Sequence[Sentence], ends: _Ends) -> Split:
    """The ends of a window as records.

    A sentence that only contributes to another's claim ends with that claim, not with its own exclusion. One that
    failed does not contribute: its failure must be seen.
    """
    spans = {sentence.id: sentence.span for sentence in asked}
    failed = {name for failure in ends.failures for name in failure.sentences}
    claims: list[Claim] = []
    warnings = list(ends.warnings)
    for name in (name for name in spans if name in ends.claims):
        for number, answered in enumerate(ends.claims[name], 1):
            also = [other for other in answered.also if other in spans and other not in failed]
            sentences = tuple(dict.fromkeys((name, *also)))
            span = _anchor(answered.quote, text, [spans[each] for each in sentences])
            claim = Claim(
                id=f"{name}.{number}",
                text=_line(answered.text),
                span=span or spans[name],
                sentences=sentences,
                checkworthiness=answered.checkworthiness,
                queries=_queries(answered.queries),
            )
            claims.append(claim)
            if span is None:
                warnings.append(_unanchored(claim, answered.quote))
    with_claims = {name for claim in claims for name in claim.sentences}
    return Split(
        claims=tuple(claims),
        exclusions=tuple(
            Exclusion(sentence=name, reason=ends.exclusions[name])
            for name in spans
            if name in ends.exclusions and name not in with_claims
        ),
        failures=ends.failures,
        warnings=tuple(warnings),
    )


def _anchor(quote: str, text: str, spans: Sequence[Span]) -> Span | None:
    """Where ``quote`` stands in the claim's own sentence, else in one it draws on, else across them."""
    if not quote.strip():
        return None
    across = Span(start=min(span.start for span in spans), end=max(span.end for span in spans))
    for stretch in (*spans, across) if len(spans) > 1 else spans:
        if (found := locate(quote, stretch.of(text))) is not None:
            return Span(start=stretch.start + found.start, end=stretch.start + found.end)
    return None


def _unanchored(claim: Claim, quote: str) -> Notice:
    return Notice(
        code="anchor_not_found",
        message=f"claim {claim.id} is shown with its whole sentence: the words the model gave, “{_short(quote)}”, "
        "do not stand there",
    )


def _queries(given: Collection[str]) -> tuple[str, ...]:
    lines = dict.fromkeys(_line(query) for query in given)
    return tuple(line for line in lines if 0 < len(line) <= LONGEST_QUERY)


def _short(text: str, length: int = 80) -> str:
    line = _line(text)
    return line if len(line) <= length else line[: length - 1] + "…"
