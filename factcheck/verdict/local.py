"""The judge without a language model: an embedded encoder reads sentences of the passages beside the claim.

What it says counts only after code has compared the words: a sentence whose number, date, name or negation differs from
the claim's supports nothing, nor does one that supposes, asks, or exchanges who did what to whom. How sure it is comes
from few signs that can be named (``Signs``), weighed as dev data taught (``decision`` of the model's manifest). A label
is given only where that is as sure as it has to be for its measured precision to hold; below, the claim stays open.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from factcheck.injection import instruction_like
from factcheck.language.dates import dates
from factcheck.language.numbers import quantities
from factcheck.language.words import Word, compound_of, content, fold, same_word, telling_stems, words
from factcheck.local.pairs import PairModel, embedded
from factcheck.models import Claim, Evidence, Notice, Passage, RejectedQuote, Span, Stance, UnverifiableReason
from factcheck.protocols import Judgement, Quote
from factcheck.sentences import sentences_in
from factcheck.verdict.manner import exchanged, misplaced, opposed, other_manner, reported, turned_round
from factcheck.verdict.rules import by_rules
from factcheck.verdict.signals import compare
from factcheck.verdict.tongue import claim_language, is_german

READ = 24  # windows of a claim's passages that are read beside it, at most
_NEAR = 0.34  # of the claim's words, the telling ones weighing more: a window that holds so many is about it
_NEAR_FOREIGN = 0.1  # of names, numbers and words that two languages share
_NEARLY_ALL = 0.85
_QUOTES = 3
_LONGEST_TITLE = 80  # characters; a longer one says too much to stand before every sentence
_FURTHEST = 10.0  # a margin beyond this tells no more
_BOTH_NEEDED = 0.5  # by how much the margin of two neighbours must exceed that of one
_EVEN = 0.5
_NAMED = 1.0  # what a difference that code can name is worth in margin, where none has to be named
_STANCES: tuple[Stance, Stance] = ("supports", "contradicts")


@dataclass(frozen=True)
class Window:
    """One sentence of a passage or two neighbours; ``near`` is the share of the claim's telling words in it."""

    passage: Passage
    span: Span  # in the passage
    near: float
    is_pair: bool = False  # two sentences

    @cached_property
    def quote(self) -> str:
        return self.span.of(self.passage.text)

    @property
    def premise(self) -> str:
        """What the model reads: the passage's title, where it has one that says something, and the words."""
        said = " ".join(self.quote.split())
        title = self.passage.title.strip()
        return f"{title}: {said}" if title and len(title) <= _LONGEST_TITLE and "://" not in title else said

    def overlaps(self, other: Window) -> bool:
        return (
            self.passage.source == other.passage.source
            and self.span.start + self.passage.span.start < other.span.end + other.passage.span.start
            and other.span.start + other.passage.span.start < self.span.end + self.passage.span.start
        )


@dataclass(frozen=True)
class Finding:
    """What the model makes of a window, and what code finds different in its words.

    ``margins`` says for each stance by how much its logit exceeds those of the other two labels together.
    """

    claim: str
    window: Window
    margins: Mapping[Stance, float]

    @cached_property
    def differences(self) -> tuple[Notice, ...]:
        """Numbers, dates, names and negation that the claim and the window's words give differently."""
        return compare(*self.both)

    @cached_property
    def unsaid(self) -> bool:
        """Whether the claim gives a number or a date that neither the window's passage nor its title does."""
        return _unsaid(self.claim, self.window.passage)

    @property
    def both(self) -> tuple[str, str, str, str]:
        """The claim, its language, the window's words, and theirs."""
        passage = self.window.passage
        return self.claim, claim_language(self.claim, passage), self.window.quote, passage.language

    @cached_property
    def exchanged(self) -> bool:
        """Whether the same names stand in other roles, or the same things before and not after."""
        return exchanged(*self.both) or misplaced(*self.both)

    @cached_property
    def other_manner(self) -> bool:
        """Whether the words ask, suppose or talk to a model where the claim states."""
        return other_manner(self.claim, self.window.quote) or bool(instruction_like(self.window.quote))

    @cached_property
    def reported(self) -> bool:
        """Whether the words only tell that somebody says so."""
        return reported(*self.both)

    @property
    def is_about(self) -> bool:
        """Whether the window holds enough of the claim's words to say anything to it."""
        return _is_about(self.claim, self.window)

    @property
    def foreign(self) -> bool:
        """Whether claim and passage are in two languages."""
        return _is_foreign(self.claim, self.window)

    @property
    def can_support(self) -> bool:
        return not (self.differences or self.unsaid or self.other_manner or self.exchanged or self.reported)


@dataclass(frozen=True)
class Signs:
    """What the likeliest window of one stance looks like among the others; the names are those in the manifest."""

    margin: float
    near: float
    against: float  # the best margin of the other stance in any window
    opposed: float  # 1 where one rises and the other falls
    turned: float  # share of word pairs in another order, where the window holds nearly all of the claim's words
    foreign: float  # 1 where claim and passage are in two languages
    foreign_margin: float  # the margin, where they are
    named: float  # of a contradiction: 1 where code can name what differs
    named_margin: float  # the margin, where it can


class LocalJudge:
    """Judges with the embedded model; needs no settings and no network."""

    def __init__(self, model: PairModel | None = None, *, withhold: bool = True, of_two: bool = False) -> None:
        """``model`` is the shipped one unless given. Without ``withhold`` every claim gets its likeliest label.

        With ``of_two`` that is supported or contradicted wherever there are words to read: for claims known to be one
        or the other. Raises ConfigError where the model's files are missing.
        """
        self._model = model or embedded()
        self._withhold = withhold
        self._of_two = of_two

    @property
    def name(self) -> str:
        return self._model.name

    async def judge(
        self, claim: Claim, evidence: Sequence[Evidence], *, rejected: Sequence[RejectedQuote] = ()
    ) -> Judgement:
        """A label with the deciding words as its quotes, or unverifiable with the reason.

        A quote named in ``rejected`` is not offered a second time. Runs in a thread, so the loop stays free.
        """
        return await asyncio.to_thread(self._judge, claim.text, tuple(evidence), {quote.quote for quote in rejected})

    def _judge(self, claim: str, evidence: Sequence[Evidence], rejected: set[str]) -> Judgement:
        if not evidence:
            return _open("no_passage_retrieved", claim)
        ruled = by_rules(claim, evidence, rejected)
        if ruled.quotes and not (self._of_two and ruled.label == "unverifiable"):
            return ruled
        windows = [window for window in windows_of(claim, evidence) if window.quote not in rejected]
        if self._of_two:
            return self._likelier(claim, windows)
        findings = read(claim, windows_about(claim, windows) if self._withhold else windows, self._model)
        weighed = self._model.decision if self._withhold else self._model.likeliest
        sides = {stance: ranked(findings, stance, gated=self._withhold) for stance in _STANCES}
        chances = {
            stance: chance(signs_of(sides[stance], findings, stance), weighed[stance])
            for stance in _STANCES
            if sides[stance]
        }
        sure = self._sure(chances)
        if len(sure) == 2:
            quotes = (*_quotes(sides["supports"], "supports"), *_quotes(sides["contradicts"], "contradicts"))
            return Judgement("unverifiable", "conflicting_sources", _CONFLICT[is_german(claim)], quotes)
        if not sure:
            return _open("not_confident" if _about(claim, windows, evidence) else "passages_irrelevant", claim)
        return _labelled(claim, sure[0], sides[sure[0]], chances[sure[0]])

    def _sure(self, chances: Mapping[Stance, float]) -> list[Stance]:
        """The stances that are as sure as they have to be; the likelier one alone where nothing is withheld."""
        if self._withhold:
            least = {stance: self._model.decision[stance]["threshold"] for stance in _STANCES}
            return [stance for stance in _STANCES if chances.get(stance, 0.0) >= least[stance]]
        best: Stance = max(_STANCES, key=lambda stance: chances.get(stance, 0.0))
        return [best] if chances.get(best, 0.0) >= self._model.likeliest["least"] else []

    def _likelier(self, claim: str, windows: Sequence[Window]) -> Judgement:
        """Supported or contradicted, whichever the likeliest windows of both sides speak for."""
        findings = read(claim, windows, self._model)
        if not findings:
            return _open("passages_irrelevant", claim)
        best = likeliest_of(findings)
        supported = chance_of_two(best, self._model.of_two)
        stance: Stance = "supports" if supported >= _EVEN else "contradicts"
        return _labelled(claim, stance, [best[stance]], max(supported, 1 - supported))


def windows_of(claim: str, evidence: Sequence[Evidence]) -> list[Window]:
    """What is read beside the claim: sentences of its passages, and neighbours together, those nearest to it first."""
    rarity = _rarity(evidence)
    found: dict[tuple[str, str], Window] = {}
    for item in evidence:
        passage = item.passage
        keys = telling_stems(claim, passage.language)
        for span, is_pair in _spans(passage):
            quote = span.of(passage.text)
            near = _near(keys, telling_stems(quote, passage.language), rarity, passage.language)
            found.setdefault((passage.source, quote), Window(passage, span, near, is_pair))
    return sorted(found.values(), key=lambda window: -window.near)[:READ]


def windows_about(claim: str, windows: Sequence[Window]) -> list[Window]:
    """Those that hold enough of the claim's words to say anything to it; the others need not be read."""
    return [window for window in windows if _is_about(claim, window)]


def _is_about(claim: str, window: Window) -> bool:
    return window.near >= (_NEAR_FOREIGN if _is_foreign(claim, window) else _NEAR)


def _is_foreign(claim: str, window: Window) -> bool:
    return is_german(claim) != (window.passage.language == "de")


def read(claim: str, windows: Sequence[Window], model: PairModel) -> list[Finding]:
    """What the model says to the claim and each window."""
    logits = model.logits([(window.premise, claim) for window in windows]).astype(float)
    return [
        Finding(claim, window, {"supports": _margin(row, 0), "contradicts": _margin(row, 1)})
        for window, row in zip(windows, logits, strict=True)
    ]


def _margin(logits: Any, column: int) -> float:
    others = np.delete(logits, column)
    return float(np.clip(logits[column] - np.logaddexp(*others), -_FURTHEST, _FURTHEST))


def ranked(findings: Sequence[Finding], stance: Stance, *, gated: bool = True) -> list[Finding]:
    """The findings on one side, the likeliest first, no words twice.

    Words that differ support nothing, and words contradict only where code can name what differs: of the
    contradictions that the model alone sees in claims as people write them, every second is none. Where not ``gated``,
    for the likeliest label instead of a sure one, the model alone may see one.

    Of two neighbours that say no more than one of them, that one alone is taken: a citation should be short.
    """
    chosen: list[Finding] = []
    for finding in sorted(findings, key=lambda one: -weight(one, stance)):
        if any(finding.window.overlaps(other.window) for other in chosen):
            continue
        if _speaks(finding, stance, gated):
            chosen.append(finding)
    return chosen


def likeliest_of(findings: Sequence[Finding]) -> dict[Stance, Finding]:
    """The likeliest window of each side, whatever code finds in its words; there must be one."""
    return {stance: max(findings, key=lambda one: weight(one, stance)) for stance in _STANCES}


def weight(finding: Finding, stance: Stance) -> float:
    """What findings are ranked by: the margin, less for two sentences, more for a difference that code can name."""
    named = stance == "contradicts" and bool(finding.differences)
    return finding.margins[stance] - _BOTH_NEEDED * finding.window.is_pair + _NAMED * named


def _speaks(finding: Finding, stance: Stance, gated: bool) -> bool:
    if stance == "supports":
        return finding.can_support
    if gated:
        return bool(finding.differences) and not finding.reported
    return not (finding.other_manner or finding.reported)


def signs_of(side: Sequence[Finding], findings: Sequence[Finding], stance: Stance) -> Signs:
    """The signs of a side that has a finding."""
    best, opposite = side[0], _STANCES[1 - _STANCES.index(stance)]
    foreign, named = best.foreign, stance == "contradicts" and bool(best.differences)
    return Signs(
        margin=best.margins[stance],
        near=best.window.near,
        against=max(finding.margins[opposite] for finding in findings),
        opposed=float(opposed(*best.both)),
        turned=turned_round(*best.both) if best.window.near >= _NEARLY_ALL else 0.0,
        foreign=float(foreign),
        foreign_margin=best.margins[stance] if foreign else 0.0,
        named=float(named),
        named_margin=best.margins[stance] if named else 0.0,
    )


def chance(signs: Signs, weighed: Mapping[str, Any]) -> float:
    """How likely the label is right, 0 to 1, by the weights of a manifest."""
    return _logistic(weighed["bias"] + sum(share * getattr(signs, name) for name, share in weighed["weights"].items()))


def chance_of_two(best: Mapping[Stance, Finding], weighed: Mapping[str, float]) -> float:
    """How likely supported is, 0 to 1, of a claim that is supported or contradicted, by the weights of a manifest."""
    return _logistic(weighed["bias"] + sum(weighed[stance] * weight(one, stance) for stance, one in best.items()))


def _logistic(total: float) -> float:
    return 1 / (1 + math.exp(-total))


def _spans(passage: Passage) -> Iterator[tuple[Span, bool]]:
    """Each sentence, and each two neighbours."""
    sentences = [sentence.span for sentence in sentences_in(passage)]
    yield from ((span, False) for span in sentences)
    yield from ((Span(start=one.start, end=two.end), True) for one, two in pairwise(sentences))


@lru_cache(maxsize=4096)
def _unsaid(claim: str, passage: Passage) -> bool:
    mine, theirs = claim_language(claim, passage), passage.language
    text = _told(passage)
    said_dates, given_dates = dates(text, theirs), dates(claim, mine)
    if any(not any(date.covered_by(said) or date.agrees(said) for said in said_dates) for date in given_dates):
        return True
    said = quantities(text, theirs, known_dates=said_dates)
    given = quantities(claim, mine, known_dates=given_dates)
    return any(not any(one.kind == other.kind and one.agrees(other) for other in said) for one in given)


def _told(passage: Passage) -> str:
    """Title and text without the sentences that talk to a model: a planted order may repeat the claim's number."""
    title = "" if instruction_like(passage.title) else passage.title
    planted = instruction_like(passage.text)
    if not planted:
        return f"{title}\n{passage.text}"
    spans = [sentence.span for sentence in sentences_in(passage)]
    told = [span for span in spans if not any(span.start < one.end and one.start < span.end for one in planted)]
    return "\n".join((title, *(span.of(passage.text) for span in told)))


def _about(claim: str, windows: Sequence[Window], evidence: Sequence[Evidence]) -> bool:
    """Whether any passage is about the claim: it holds enough of its words, or a name, which is one in any language."""
    if any(window.near >= _NEAR for window in windows):
        return True
    named = {fold(word.text) for word in _content(claim, "und") if word.capitalised}
    return any(
        fold(word.text) in named
        for item in evidence
        for word in words(item.passage.text, item.passage.language)
        if word.capitalised
    )


def _content(text: str, language: str) -> tuple[Word, ...]:
    return content(words(text, language), language)


def _rarity(evidence: Sequence[Evidence]) -> dict[str, float]:
    """How telling a stem is among the passages at hand: rare ones weigh more."""
    counts = Counter(key for item in evidence for key in telling_stems(item.passage.text, item.passage.language))
    return {key: math.log(1 + (len(evidence) + 0.5) / (count + 0.5)) for key, count in counts.items()}


def _near(claim: frozenset[str], window: frozenset[str], rarity: dict[str, float], language: str) -> float:
    unseen = max(rarity.values(), default=1.0)
    weights = {key: rarity.get(key, unseen) for key in claim}
    if not (total := sum(weights.values())):
        return 0.0
    return sum(weight for key, weight in weights.items() if _held(key, window, language)) / total


def _held(key: str, keys: frozenset[str], language: str) -> bool:
    return key in keys or any(same_word(key, other, language) for other in keys) or compound_of(key, keys, language)


def _quotes(side: Sequence[Finding], stance: Stance) -> tuple[Quote, ...]:
    """The deciding words, and further ones that say so as clearly."""
    clear = [finding for finding in side if finding.margins[stance] > 0] or side[:1]
    return tuple(
        Quote(passage=finding.window.passage.id, text=finding.window.quote, stance=stance)
        for finding in clear[:_QUOTES]
    )


_CONFLICT = {
    False: "Sources contradict each other.",
    True: "Quellen widersprechen einander.",
}
_SUPPORTED = {
    False: "The quoted words say this, and their numbers, dates, names and negation agree with the claim's.",
    True: "Die zitierten Worte sagen dies, und ihre Zahlen, Daten, Namen und Verneinungen stimmen überein.",
}
_OPEN: dict[UnverifiableReason, dict[bool, str]] = {
    "no_passage_retrieved": {False: "No passage was found.", True: "Es wurde keine Textstelle gefunden."},
    "passages_irrelevant": {
        False: "None of the passages shares the claim's topic.",
        True: "Keine der Textstellen handelt vom Gegenstand der Behauptung.",
    },
    "not_confident": {
        False: "No sentence of the passages says this, or says it otherwise, clearly enough for the embedded model.",
        True: "Kein Satz der Textstellen sagt dies, oder das Gegenteil, für das eingebaute Modell deutlich genug.",
    },
}


def _labelled(claim: str, stance: Stance, side: Sequence[Finding], sure: float) -> Judgement:
    german = is_german(claim)
    quotes = _quotes(side, stance)
    if stance == "supports":
        return Judgement("supported", None, _SUPPORTED[german], quotes, sure)
    return Judgement("contradicted", None, _contradicted(side[0], german), quotes, sure)


def _contradicted(finding: Finding, german: bool) -> str:
    said = "Die zitierten Worte sagen es anders" if german else "The quoted words say otherwise"
    if not finding.differences:
        return f"{said}, {'wie das eingebaute Modell sie liest' if german else 'as the embedded model reads them'}."
    return f"{said}: {'; '.join(difference.message for difference in finding.differences)}."


def _open(reason: UnverifiableReason, claim: str) -> Judgement:
    return Judgement("unverifiable", reason, _OPEN[reason][is_german(claim)])
