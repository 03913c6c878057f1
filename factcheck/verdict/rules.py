"""Judging by rules alone: a sentence that says everything the claim says, or everything but one thing.

It is built for precision. It says supported or contradicted only where one sentence of a passage carries (nearly)
every word, number, date and name of the claim in the same roles, and can be quoted; everything else is unverifiable.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from factcheck.language.cues import (
    ATTRIBUTIONS,
    DENIALS,
    FUNCTION_WORDS,
    HEDGES,
    NEGATIONS,
    ONE_TIME_EVENTS,
    ONE_TO_ONE,
    SCOPE,
    WEAKENERS,
)
from factcheck.language.dates import PartialDate, dates
from factcheck.language.names import Name, alike, names
from factcheck.language.numbers import Quantity, quantities
from factcheck.language.words import Word, compound_of, content, fold, same_word, stem, words
from factcheck.models import Evidence, Passage, UnverifiableReason
from factcheck.protocols import Judgement, Quote
from factcheck.sentences import sentences_in
from factcheck.text import locate
from factcheck.verdict.manner import is_passive, misplaced, opposites_of, other_manner, reported
from factcheck.verdict.signals import negated

Standing = Literal["supports", "contradicts"]
Difference = Literal["number", "date", "negation", "opposite", "name"]

#: Languages whose hedges, attributions and opposites we know; elsewhere only the claim's own words, verbatim, count.
_KNOWN = frozenset({"en", "de"})
_NEAR = 0.34  # of the claim's words, the telling ones weighing more: a sentence that holds so many is about it
_QUOTES = 3
_PRONOUN = {
    "en": re.compile(r"^(?:He|She|It|They|His|Her|Its|Their|This|These)\b"),
    "de": re.compile(r"^(?:Er|Sie|Es|Seine?|Ihre?|Dieser?|Diese[smn]?)\b"),
}
_CLAUSE = re.compile(
    r"[,;:–—()]|\s-\s|\b(?:but|and|while|whereas|although|aber|und|sondern|während|obwohl|who|which|that|der|die|das)\b"
)
_SUBORDINATE = re.compile(
    r",?\s\b(?:because|since|while|after|before|although|though|unless|whereas|when|da|weil|obwohl|während|nachdem|bevor|"
    r"indem|damit|sodass)\b"
)
_AGENT = frozenset({"by", "of", "von", "vom", "durch"})
_PREPOSITIONS = {
    form: base
    for base, forms in {
        "in": "in im ins into within inside",
        "on": "on an am auf at bei beim near",
        "from": "from aus",
        "to": "to nach zu zum zur",
        "of": "of",
        "for": "for für",
        "with": "with mit",
        "over": "über over about um",
        "under": "unter under",
        "since": "seit since",
    }.items()
    for form in forms.split()
}
_COPULA = frozenset({"is", "are", "was", "were", "be", "ist", "sind", "war", "waren"})
_ARTICLES = frozenset({"a", "an", "the", "ein", "eine", "einer", "der", "die", "das"})
_TOGETHER = frozenset({"and", "und", "with", "mit", "or", "oder"})


@dataclass(frozen=True)
class Reading:
    """A sentence taken apart, once."""

    text: str
    language: str
    tokens: tuple[Word, ...]
    content: tuple[Word, ...]  # words that say something; not those of numbers, dates and negations
    keys: frozenset[str]
    quantities: tuple[Quantity, ...]
    dates: tuple[PartialDate, ...]
    names: tuple[Name, ...]

    def has(self, table: dict[str, frozenset[str]]) -> frozenset[str]:
        """The cue words of the table in the sentence; in English "United States" states nothing, nor does May."""
        cues = table.get(self.language, frozenset())
        names_aside = self.language == "en"
        return frozenset(
            word.lower
            for word in self.tokens
            if word.lower in cues and not (names_aside and word.capitalised and word.start > 0)
        )


@dataclass(frozen=True)
class Finding:
    """What one sentence says to a claim, and where."""

    passage: Passage
    quote: str
    standing: Standing
    difference: Difference | None
    detail: str
    strength: float


def by_rules(claim_text: str, evidence: Sequence[Evidence], rejected: set[str]) -> Judgement:
    """A label with the deciding sentence as its quote, or unverifiable with the reason; ``rejected`` is not quoted."""
    if not evidence:
        return _unverifiable("no_passage_retrieved", claim_text)
    findings: list[Finding] = []
    on_topic = False
    readings: dict[str, Reading] = {}
    for item in evidence:
        language = item.passage.language
        claim = readings.setdefault(language, read(claim_text, language))
        passage_findings, near = _weigh(claim, item.passage, evidence)
        findings += [finding for finding in passage_findings if finding.quote not in rejected]
        on_topic = on_topic or near >= _NEAR or _shares_a_name(claim, item.passage)
    return _decide(claim_text, findings, on_topic=on_topic)


@lru_cache(maxsize=4096)
def read(text: str, language: str) -> Reading:
    """The words, numbers, dates and names of one sentence."""
    tokens = words(text, language)
    found_dates = dates(text, language)
    numbers = quantities(text, language, known_dates=found_dates)
    counted = [(date.start, date.end) for date in found_dates] + [(number.start, number.end) for number in numbers]
    negations = NEGATIONS.get(language, frozenset()) | DENIALS.get(language, frozenset())
    telling = tuple(
        word
        for word in content(tokens, language)
        if word.lower not in negations
        and not word.lower.endswith("n't")
        and not any(start <= word.start < end for start, end in counted)
    )
    keys = frozenset(word.key for word in telling)
    return Reading(text, language, tokens, telling, keys, numbers, found_dates, names(text, language))


def _weigh(claim: Reading, passage: Passage, evidence: Sequence[Evidence]) -> tuple[list[Finding], float]:
    """What the sentences of one passage say to the claim, and how near the nearest of them came (0 to 1)."""
    rarity = _rarity(evidence)
    findings: list[Finding] = []
    near = 0.0
    spans = [sentence.span for sentence in sentences_in(passage)]
    for index, span in enumerate(spans):
        sentence = read(span.of(passage.text), passage.language)
        near = max(near, _coverage(claim, sentence.keys, rarity))
        finding = _finding(claim, sentence, sentence.text, passage, _title_words(sentence, passage))
        if finding is None and index and _leans_back(sentence):
            both = passage.text[spans[index - 1].start : span.end]
            before = read(spans[index - 1].of(passage.text), passage.language)
            finding = _finding(claim, sentence, both, passage, _name_words(before))
        if finding is not None:
            findings.append(finding)
    return findings, near


def _rarity(evidence: Sequence[Evidence]) -> dict[str, float]:
    """How telling a stem is among the passages at hand: rare ones weigh more."""
    seen = _document_frequency(tuple((item.passage.text, item.passage.language) for item in evidence))
    total = len(evidence)
    return {key: math.log(1 + (total + 0.5) / (count + 0.5)) for key, count in seen.items()}


@lru_cache(maxsize=64)
def _document_frequency(texts: tuple[tuple[str, str], ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, language in texts:
        counts.update({word.key for word in content(words(text, language), language)})
    return counts


def _coverage(claim: Reading, keys: frozenset[str], rarity: dict[str, float]) -> float:
    unseen = max(rarity.values(), default=1.0)
    weights = {key: rarity.get(key, unseen) for key in claim.keys}
    total = sum(weights.values())
    return sum(weight for key, weight in weights.items() if _held(key, keys, claim.language)) / total if total else 0.0


def _held(key: str, keys: frozenset[str], language: str) -> bool:
    return key in keys or any(same_word(key, other, language) for other in keys) or compound_of(key, keys, language)


def _leans_back(sentence: Reading) -> bool:
    opening = _PRONOUN.get(sentence.language)
    return opening is not None and opening.match(sentence.text) is not None


def _title_words(sentence: Reading, passage: Passage) -> frozenset[str]:
    """Names in the title complete a sentence that names its subject only by a pronoun."""
    if not passage.title or not _leans_back(sentence):
        return frozenset()
    return frozenset(fold(word.text) for word in words(passage.title, passage.language) if word.capitalised)


def _name_words(sentence: Reading) -> frozenset[str]:
    return frozenset(part for name in sentence.names for part in name.parts)


@dataclass(frozen=True)
class _Fit:
    """How the claim's words lie in a sentence."""

    missing: tuple[Word, ...]
    places: tuple[int, ...]  # for each claim word found, in the claim's order, its place among the sentence's tokens

    def stretch(self, sentence: Reading) -> tuple[int, int]:
        """First and last token of the sentence that the claim's words need."""
        return min(self.places, default=0), max(self.places, default=len(sentence.tokens) - 1)


def _fit(claim: Reading, sentence: Reading, context: frozenset[str]) -> _Fit:
    missing: list[Word] = []
    places: list[int] = []
    for word in claim.content:
        place = _place(word, sentence)
        if place is not None:
            places.append(place)
        elif not (fold(word.text) in context and word.capitalised):
            missing.append(word)
    return _Fit(tuple(missing), tuple(places))


@lru_cache(maxsize=20_000)
def _place(word: Word, sentence: Reading) -> int | None:
    """Where in the sentence ``word`` is said: as written, by its stem, its compound, or another spelling."""
    telling = {other.start for other in sentence.content}
    said = [(at, other) for at, other in enumerate(sentence.tokens) if other.start in telling]
    said = [(at, other) for at, other in said if _owns(word) or not _owns(other)]
    for same in (_as_written, _same_stem, _same_sense):
        for at, other in said:
            if same(word, other, sentence.language):
                return at
    if compound_of(word.key, sentence.keys, sentence.language):
        return next((at for at, other in said if len(other.key) >= 4 and word.key.endswith(other.key)), None)
    return None


def _as_written(word: Word, other: Word, language: str) -> bool:
    return word.lower == other.lower


def _same_stem(word: Word, other: Word, language: str) -> bool:
    return word.key == other.key


def _same_sense(word: Word, other: Word, language: str) -> bool:
    if same_word(word.key, other.key, language):
        return True
    return language != "de" and word.capitalised and other.capitalised and alike(fold(word.text), fold(other.text))


def _owns(word: Word) -> bool:
    """Saturn's moon says nothing of Saturn."""
    return word.capitalised and word.text.endswith(("'s", "’s"))


def _finding(
    claim: Reading, sentence: Reading, quote: str, passage: Passage, context: frozenset[str]
) -> Finding | None:
    """Whether the sentence says the claim, or the claim but for one thing; None where it is not sure to do either."""
    if not claim.content or _unsure(claim, sentence):
        return None
    fit = _fit(claim, sentence, context)
    if len(fit.missing) > 2 or len(fit.places) < 2:
        return None
    if not _compact(claim, sentence, fit) or _weakened(claim, sentence, fit) or not _same_roles(claim, sentence, fit):
        return None
    differences = list(_differences(claim, sentence, fit))
    if None in differences or len(differences) > 1:
        return None
    strength = len(fit.places) + len(claim.quantities) + len(claim.dates) - 0.01 * len(sentence.tokens)
    if not differences:
        if claim.language not in _KNOWN and locate(claim.text.rstrip(" .!…"), quote) is None:
            return None
        return Finding(passage, quote.strip(), "supports", None, "", strength)
    difference = differences[0]
    if difference is None or claim.language not in _KNOWN:
        return None
    if difference[0] in ("negation", "opposite") and len(fit.places) < len(claim.content) - len(fit.missing):
        return None  # its subject is only taken from the context
    return Finding(passage, quote.strip(), "contradicts", difference[0], difference[1], strength)


def _unsure(claim: Reading, sentence: Reading) -> bool:
    """Whether the sentence asks, supposes, denies, plans or reports where the claim states, or has after for before."""
    both = (claim.text, claim.language, sentence.text, sentence.language)
    if other_manner(claim.text, sentence.text) or reported(*both) or misplaced(*both):
        return True
    if sentence.has(HEDGES) != claim.has(HEDGES):
        return True
    return sentence.has(ATTRIBUTIONS) != claim.has(ATTRIBUTIONS) or bool(sentence.has(DENIALS) - claim.has(DENIALS))


def _compact(claim: Reading, sentence: Reading, fit: _Fit) -> bool:
    """Whether the claim's words stand close together, not strewn over a long sentence."""
    first, last = fit.stretch(sentence)
    telling = {word.start for word in sentence.content}
    within = sum(token.start in telling for token in sentence.tokens[first : last + 1])
    return within <= 2.5 * len(fit.places) + 6


def _weakened(claim: Reading, sentence: Reading, fit: _Fit) -> bool:
    """Whether only the sentence says some, almost, former, or only the claim says all, only, first."""
    first, last = fit.stretch(sentence)
    cues = WEAKENERS.get(sentence.language, frozenset())
    said = {token.lower for token in sentence.tokens[max(0, first - 2) : last + 3]} & cues
    if said - {token.lower for token in claim.tokens}:
        return True
    present = {token.lower for token in sentence.tokens} | {token.key for token in sentence.tokens}
    return any(cue not in present and stem(cue, claim.language) not in present for cue in claim.has(SCOPE))


def _same_roles(claim: Reading, sentence: Reading, fit: _Fit) -> bool:
    """Whether who does what to whom is the same: order of names, agents, superlatives, and what is merely intended."""
    return (
        (claim.language != "en" or _other_voice(claim, sentence) or _turns(_sequence(claim, sentence)) <= 1)
        and _same_order(claim, sentence)
        and _same_direction(claim, sentence)
        and _same_pairs(claim, sentence)
        and _same_agent(claim, sentence)
        and _same_superlative(claim, sentence)
        and not _only_intended(claim, sentence)
        and not _strewn(sentence, fit)
    )


def _same_direction(claim: Reading, sentence: Reading) -> bool:
    """ "From New York to Chapel Hill" is not "to New York from Chapel Hill"."""
    for word in _bearers(claim, sentence):
        place = _place(word, sentence)
        if place is not None:
            here = _preposition(claim.tokens, claim.tokens.index(word))
            if {here, _preposition(sentence.tokens, place)} == {"from", "to"}:
                return False
    return True


def _same_order(claim: Reading, sentence: Reading) -> bool:
    """Names (in German: nouns) in the same order, or in the other with one side in the passive."""
    places = _role_places(claim, sentence)
    turned = _other_voice(claim, sentence)
    for (left, left_at), (right, right_at) in pairwise(places):
        between = {token.lower for token in claim.tokens if left.end <= token.start < right.start}
        if left.key == right.key or (
            between and (between <= _TOGETHER or (between & _COPULA and between <= _COPULA | _ARTICLES))
        ):
            continue
        if (left_at > right_at) != turned:
            return False
    return True


def _other_voice(claim: Reading, sentence: Reading) -> bool:
    """Whether one is in the passive with its agent named and the other is not."""
    return is_passive(claim.text, claim.language) != is_passive(sentence.text, claim.language)


def _role_places(claim: Reading, sentence: Reading) -> list[tuple[Word, int]]:
    """The claim's names that carry a role, with their places in the sentence: not those behind the same preposition."""
    found = []
    behind = [_preposition(claim.tokens, claim.tokens.index(word)) for word in _bearers(claim, sentence)]
    for word in _bearers(claim, sentence):
        place = _place(word, sentence)
        if place is None:
            continue
        before = _preposition(claim.tokens, claim.tokens.index(word))
        if before is None or before != _preposition(sentence.tokens, place) or behind.count(before) > 1:
            found.append((word, place))
    return found


def _bearers(claim: Reading, sentence: Reading) -> list[Word]:
    """The words of the claim that carry a role: names, and in German nouns."""
    written_small = {token.key for token in sentence.tokens if not token.capitalised}
    return [word for word in claim.content if word.capitalised and word.key not in written_small]


def _preposition(tokens: tuple[Word, ...], index: int) -> str | None:
    """The preposition that a word hangs on, up to four words before it."""
    for token in reversed(tokens[max(0, index - 4) : index]):
        if token.lower in _PREPOSITIONS:
            return _PREPOSITIONS[token.lower]
        if token.key and not token.text.islower() and token.end + 1 < tokens[index].start - 1:
            return None
    return None


def _same_agent(claim: Reading, sentence: Reading) -> bool:
    """ "Published by Paul Dini" is not "written by Paul Dini and published by DC"."""
    for index, token in enumerate(claim.tokens):
        if token.lower not in _AGENT or not 0 < index < len(claim.tokens) - 1:
            continue
        deed, agent = claim.tokens[index - 1], claim.tokens[index + 1]
        place = _place(agent, sentence)
        if place is None or not agent.capitalised:
            continue
        before = sentence.tokens[max(0, place - 1)]
        if (
            before.lower == token.lower
            and sentence.tokens[max(0, place - 2)].key != deed.key
            and claim.language == "en"
        ):
            return False
    return True


def _same_superlative(claim: Reading, sentence: Reading) -> bool:
    """ "The largest investment" is not "the largest western investment"."""
    top = SCOPE.get(claim.language, frozenset())
    for word, following in pairwise(claim.content):
        if word.lower not in top:
            continue
        after = [right.key for left, right in pairwise(sentence.content) if left.key == word.key]
        if after and not any(same_word(following.key, key, claim.language) for key in after):
            return False
    return True


def _only_intended(claim: Reading, sentence: Reading) -> bool:
    """Whether a verb of the claim is only "to do" in the sentence: offers to work, agreed to buy."""
    particle = {"en": "to", "de": "zu"}.get(claim.language)
    for index, word in enumerate(claim.tokens):
        if word.capitalised or (index and claim.tokens[index - 1].lower == particle):
            continue
        places = [at for at, token in enumerate(sentence.tokens) if token.key == word.key and token.start and at]
        infinitives = [
            sentence.tokens[at - 1].lower == particle and sentence.tokens[at].text.islower() for at in places
        ]
        if places and all(infinitives) and word.lower not in FUNCTION_WORDS.get(claim.language, ()):
            return True
    return False


def _strewn(sentence: Reading, fit: _Fit) -> bool:
    """Whether a verb of the claim stands alone in a subordinate clause: "…, because he lives near by"."""
    cuts = [match.start() for match in _SUBORDINATE.finditer(sentence.text)]
    tokens = [sentence.tokens[place] for place in fit.places]
    clauses = [sum(cut <= token.start for cut in cuts) for token in tokens]
    return len(tokens) > 2 and any(
        clause and clauses.count(clause) == 1 and token.text.islower()
        for token, clause in zip(tokens, clauses, strict=True)
    )


def _sequence(claim: Reading, sentence: Reading) -> list[int]:
    """Where the claim's words, dates and numbers stand in the sentence, in the claim's order."""
    found = [
        (word.start, sentence.tokens[at].start)
        for word in claim.content
        for at in [_place(word, sentence)]
        if at is not None
    ]
    for mine in claim.dates:
        found += [(mine.start, theirs.start) for theirs in sentence.dates if mine.covered_by(theirs)][:1]
    for number in claim.quantities:
        found += [(number.start, theirs.start) for theirs in sentence.quantities if _shows(theirs, number)][:1]
    return [place for _, place in sorted(found)]


def _turns(places: list[int]) -> int:
    """How often the order steps back: once where a phrase moved to the front, twice where two are swapped."""
    return sum(left > right for left, right in pairwise(places))


def _same_pairs(claim: Reading, sentence: Reading) -> bool:
    """ "Magnetic charge, electric field" is not "electric charge, magnetic field": neighbours are not exchanged."""
    for left, right in pairwise(claim.content):
        if claim.text[left.end : right.start] not in (" ", "-"):
            continue
        at_left, at_right = _place(left, sentence), _place(right, sentence)
        if at_left is None or at_right is None or at_right == at_left + 1:
            continue
        beside = (sentence.tokens[at_left + 1 : at_left + 2], sentence.tokens[at_right - 1 : at_right])
        others = claim.keys - {left.key, right.key}
        if all(near and near[0].key in others for near in beside):
            return False
        if beside[1] and beside[1][0].key in others and not beside[1][0].capitalised and not left.capitalised:
            return False
    return True


def _differences(claim: Reading, sentence: Reading, fit: _Fit) -> Iterator[tuple[Difference, str] | None]:
    """Each way in which the sentence says something else; None for a difference that proves nothing."""
    yield from _date_differences(claim, sentence, fit)
    yield from _number_differences(claim, sentence, fit)
    yield from _word_differences(claim, sentence, fit)
    yield from _polarity_differences(claim, sentence, fit)


def _date_differences(claim: Reading, sentence: Reading, fit: _Fit) -> Iterator[tuple[Difference, str] | None]:
    open_dates = [mine for mine in claim.dates if not any(mine.covered_by(theirs) for theirs in sentence.dates)]
    if not open_dates:
        if claim.dates and len(sentence.dates) > len(claim.dates) and not _beside(claim, sentence, fit):
            yield None
        return
    spare = [theirs for theirs in sentence.dates if not any(mine.covered_by(theirs) for mine in claim.dates)]
    if len(open_dates) == 1 == len(spare) and _events(claim) & _events(sentence):
        mine, theirs = open_dates[0], spare[0]
        if not mine.agrees(theirs) and _as_exact(mine, theirs):
            yield "date", f"{mine.text} / {theirs.text}"
            return
    yield None


def _events(reading: Reading) -> set[str]:
    return {stem(verb, reading.language) for verb in reading.has(ONE_TIME_EVENTS)}


def _as_exact(mine: PartialDate, theirs: PartialDate) -> bool:
    """Whether the two differ in a part that both give."""
    pairs = ((mine.year, theirs.year), (mine.month, theirs.month), (mine.day, theirs.day))
    return any(a is not None and b is not None and a != b for a, b in pairs)


def _beside(claim: Reading, sentence: Reading, fit: _Fit) -> bool:
    """Whether each number and date of the claim stands in the clause that holds the claim's words and names.

    Asked where the sentence has more of them than the claim: "Berlin has 3.5 million inhabitants, Hamburg 1.8 million".
    """
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence.text)), len(sentence.text)]
    held = [sentence.tokens[place].start for place in fit.places]
    named = [
        sentence.tokens[at].start
        for word in _bearers(claim, sentence)
        for at in [_place(word, sentence)]
        if at is not None
    ]
    for position in _matched_positions(claim, sentence):
        clause = next((s, e) for s, e in pairwise(cuts) if s <= position < e)
        inside = [at for at in held if clause[0] <= at < clause[1]]
        if len(inside) <= len(held) / 2 or any(not clause[0] <= at < clause[1] for at in named):
            return False
    return True


def _matched_positions(claim: Reading, sentence: Reading) -> Iterator[int]:
    for mine in claim.dates:
        yield from (theirs.start for theirs in sentence.dates if mine.covered_by(theirs))
    for number in claim.quantities:
        yield from (theirs.start for theirs in sentence.quantities if _shows(theirs, number))


def _shows(theirs: Quantity, mine: Quantity) -> bool:
    """Whether a source that says ``theirs`` bears out ``mine``: agreement is not enough where the source is vaguer."""
    if theirs.kind != mine.kind or not mine.agrees(theirs):
        return False
    if theirs.bound in ("at_least", "at_most") and mine.bound != theirs.bound:
        return False
    if mine.kind == "ordinal" and mine.nouns and theirs.nouns and mine.nouns[0] != theirs.nouns[0]:
        return False
    return not (mine.kind in ("count", "ordinal") and mine.nouns and theirs.nouns) or bool(
        set(mine.nouns[:1]) & set(theirs.nouns[:3]) or set(theirs.nouns[:1]) & set(mine.nouns[:3])
    )


def _number_differences(claim: Reading, sentence: Reading, fit: _Fit) -> Iterator[tuple[Difference, str] | None]:
    open_numbers = [
        mine for mine in claim.quantities if not any(_shows(theirs, mine) for theirs in sentence.quantities)
    ]
    if not open_numbers:
        kinds = {mine.kind for mine in claim.quantities}
        same_kind = [theirs for theirs in sentence.quantities if theirs.kind in kinds]
        if len(same_kind) > len(claim.quantities) and not _beside(claim, sentence, fit):
            yield None
        return
    for mine in open_numbers:
        rivals = [theirs for theirs in sentence.quantities if theirs.kind == mine.kind]
        same_dates = len(claim.dates) == len(sentence.dates)
        alone = len(rivals) == 1 and len([q for q in claim.quantities if q.kind == mine.kind]) == 1
        if same_dates and alone and mine.same_slot(rivals[0], same_language=True) and not mine.agrees(rivals[0]):
            yield "number", f"{mine.text} / {rivals[0].text}"
        elif _none_of_it(mine, sentence):
            yield "number", mine.text
        else:
            yield None


def _none_of_it(mine: Quantity, sentence: Reading) -> bool:
    """Whether the sentence says "no" of what the claim counts: four astronauts against no astronauts."""
    tokens = sentence.tokens
    return any(
        left.lower in {"no", "kein", "keine", "keiner", "keinen", "keinem"} and right.key in mine.nouns[:1]
        for left, right in pairwise(tokens)
    )


def _word_differences(claim: Reading, sentence: Reading, fit: _Fit) -> Iterator[tuple[Difference, str] | None]:
    if not fit.missing:
        if _turned_words(claim, sentence, fit):
            yield None
        return
    if len(fit.missing) == 1:
        opposite = _opposite(fit.missing[0], claim, sentence)
        if opposite is not None and opposite not in claim.keys:
            yield "opposite", f"{fit.missing[0].text} / {opposite}"
            return
    rival = _rival_name(claim, sentence, fit)
    yield ("name", f"{' '.join(word.text for word in fit.missing)} / {rival.text}") if rival is not None else None


def _turned_words(claim: Reading, sentence: Reading, fit: _Fit) -> bool:
    """Whether the sentence also has the opposite of a word of the claim, so that it is open which one counts."""
    first, last = fit.stretch(sentence)
    near = {token.key for token in sentence.tokens[max(0, first - 1) : last + 2]}
    table = opposites_of(claim.language)
    return any((table.get(word.key, frozenset()) - claim.keys) & near for word in claim.content)


def _opposite(word: Word, claim: Reading, sentence: Reading) -> str | None:
    against = opposites_of(sentence.language).get(word.key, frozenset())
    turning = [token for token in sentence.content if token.key in opposites_of(sentence.language)]
    if sum(token.key not in claim.keys for token in turning) > 1:
        return None  # "increasing loss of mass": two turns make no opposite
    return next((token.text for token in sentence.content if token.key in against), None)


def _rival_name(claim: Reading, sentence: Reading, fit: _Fit) -> Name | None:
    """Another name where the claim's stands, in a relation that has room for one: a capital, a dated landing."""
    once = claim.has(ONE_TO_ONE) & sentence.has(ONE_TO_ONE)
    dated = any(mine.day is not None for mine in claim.dates)
    if once and _subject_only(claim, fit):
        return _subject_instead(claim, sentence)
    known = frozenset(part for name in sentence.names for part in name.parts)
    absent = {word.start for word in fit.missing}
    lost = [name for name in names(claim.text, claim.language, known=known) if name.start in absent]
    if not (once or dated) or len(lost) != 1 or any(not lost[0].start <= at < lost[0].end for at in absent):
        return None
    before = [token.lower for token in claim.tokens if token.end <= lost[0].start][-1:]
    here = [
        other
        for other in sentence.names
        if [token.lower for token in sentence.tokens if token.end <= other.start][-1:] == before
        and not any(other.is_like(mine) for mine in claim.names)
    ]
    return here[0] if len(here) == 1 and before and before[0] in FUNCTION_WORDS.get(claim.language, ()) else None


def _subject_only(claim: Reading, fit: _Fit) -> bool:
    """Whether all that is missing is the one word the claim opens with."""
    return len(fit.missing) == 1 and fit.missing[0].start == claim.tokens[0].start


def _subject_instead(claim: Reading, sentence: Reading) -> Name | None:
    """The name the sentence opens with, where it goes on with the claim's own words: "Berlin is the capital …"."""
    if len(claim.tokens) < 3 or len(sentence.tokens) < 3:
        return None
    opening = sentence.tokens[0]
    goes_on = [token.lower for token in claim.tokens[1:3]] == [token.lower for token in sentence.tokens[1:3]]
    if not goes_on or not opening.capitalised or opening.lower in FUNCTION_WORDS[sentence.language]:
        return None
    return Name(opening.text, (fold(opening.text),), opening.start, opening.end)


def _polarity_differences(claim: Reading, sentence: Reading, fit: _Fit) -> Iterator[tuple[Difference, str] | None]:
    first, last = fit.stretch(sentence)
    start = sentence.tokens[first].start if sentence.tokens else 0
    end = sentence.tokens[last].end if sentence.tokens else 0
    cuts = [match.start() for match in _CLAUSE.finditer(sentence.text)]
    left = max((cut for cut in cuts if cut < start), default=0)
    right = min((cut for cut in cuts if cut >= end), default=len(sentence.text))
    refused = bool(claim.has(DENIALS) - sentence.has(DENIALS))
    if negated(sentence.text[left:right], sentence.language) == (negated(claim.text, claim.language) != refused):
        return
    if any(_none_of_it(mine, sentence) for mine in claim.quantities):
        return  # "four" against "no": told as a number
    yield ("negation", "") if _negation_at_heart(sentence, fit) else None


def _negation_at_heart(sentence: Reading, fit: _Fit) -> bool:
    """Whether each negation of the sentence stands in the clause that holds most of the claim's words."""
    cues = NEGATIONS.get(sentence.language, frozenset())
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(sentence.text)), len(sentence.text) + 1]
    held = [sentence.tokens[place].start for place in fit.places]
    for token in sentence.tokens:
        if token.lower in cues or token.lower.endswith("n't"):
            start, end = next((s, e) for s, e in pairwise(cuts) if s <= token.start < e)
            if sum(start <= at < end for at in held) < len(held) / 2:
                return False
    return True


def _shares_a_name(claim: Reading, passage: Passage) -> bool:
    """Names are much the same in every language: a passage that holds one may well be about the claim."""
    said = {fold(word.text) for word in words(passage.text, passage.language) if word.capitalised}
    return any(word.capitalised and fold(word.text) in said for word in claim.content)


def _decide(claim_text: str, findings: Sequence[Finding], *, on_topic: bool) -> Judgement:
    german = _is_german(claim_text)
    supports = _best(findings, "supports")
    against = _best(findings, "contradicts")
    quotes = tuple(Quote(passage=f.passage.id, text=f.quote, stance=f.standing) for f in (*supports, *against))
    if supports and against:
        text = "Quellen widersprechen einander." if german else "Sources contradict each other."
        return Judgement("unverifiable", "conflicting_sources", text, quotes)
    if supports:
        return Judgement("supported", None, _why_supported(german), quotes)
    if against:
        return Judgement("contradicted", None, _why_contradicted(against[0], german), quotes)
    return _unverifiable("not_confident" if on_topic else "passages_irrelevant", claim_text)


def _best(findings: Sequence[Finding], standing: Standing) -> list[Finding]:
    """The strongest sentence of each passage, best first, at most three."""
    ranked = sorted((f for f in findings if f.standing == standing), key=lambda f: -f.strength)
    firsts = {finding.quote: finding for finding in reversed(ranked)}
    return sorted(firsts.values(), key=lambda f: -f.strength)[:_QUOTES]


def _why_supported(german: bool) -> str:
    if german:
        return "Der zitierte Satz enthält alle Wörter, Zahlen, Daten und Namen der Behauptung mit derselben Aussage."
    return "The quoted sentence holds every word, number, date and name of the claim, to the same effect."


def _why_contradicted(finding: Finding, german: bool) -> str:
    mine, _, theirs = finding.detail.partition(" / ")
    english_what = {"number": "number", "date": "date", "opposite": "word", "name": "name"}
    german_what = {"number": "Zahl", "date": "Datum", "opposite": "Wort", "name": "Name"}
    if finding.difference == "negation" or finding.difference is None:
        return (
            "Der zitierte Satz sagt dasselbe, aber einer von beiden ist verneint."
            if german
            else "The quoted sentence says the same, but one of the two is negated."
        )
    if not theirs:
        return (
            f"Der zitierte Satz verneint, was die Behauptung zählt ({mine})."
            if german
            else f"The quoted sentence denies what the claim counts ({mine})."
        )
    if german:
        what = german_what[finding.difference]
        return f"Der zitierte Satz stimmt bis auf eines überein ({what}): {theirs} statt {mine}."
    return f"The quoted sentence agrees but for one {english_what[finding.difference]}: {theirs} instead of {mine}."


_UNSETTLED: dict[UnverifiableReason, tuple[str, str]] = {
    "no_passage_retrieved": ("No passage was found.", "Es wurde keine Textstelle gefunden."),
    "passages_irrelevant": (
        "None of the passages shares the claim's topic.",
        "Keine der Textstellen handelt vom Gegenstand der Behauptung.",
    ),
    "not_confident": (
        "No single sentence of the passages says this, or says it otherwise, closely enough to be sure.",
        "Kein einzelner Satz der Textstellen sagt dies, oder das Gegenteil, deutlich genug.",
    ),
}


def _unverifiable(reason: UnverifiableReason, claim_text: str) -> Judgement:
    english, german = _UNSETTLED[reason]
    return Judgement("unverifiable", reason, german if _is_german(claim_text) else english)


def _is_german(text: str) -> bool:
    """Whether German function words outnumber English ones."""
    said = [word.lower for word in words(text, "und")]
    return sum(w in FUNCTION_WORDS["de"] for w in said) > sum(w in FUNCTION_WORDS["en"] for w in said)
