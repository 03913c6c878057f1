"""How well the claims made of a sentence keep what it says: scores of one unit, a score for each metric.

A score is left out where there is nothing to count, so a metric is over the units, claims or elements it can speak of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

from eval.datasets.claims import NOT_CLAIMS, GoldStatement, GoldText, Unit
from eval.records import Score
from factcheck.language import statements
from factcheck.language.cues import APPROXIMATE, AT_LEAST, AT_MOST
from factcheck.language.dates import PartialDate, dates
from factcheck.language.names import Name, names
from factcheck.language.numbers import Quantity, quantities
from factcheck.language.when import is_relative, resolved
from factcheck.language.words import content, fold, words
from factcheck.models import Claim, ExclusionReason, Span
from factcheck.text import normalise
from factcheck.verdict.signals import negated


@dataclass(frozen=True)
class Found:
    """What a splitter made of one unit: its claims, or why there are none; ``ends`` counts those given to each
    of its sentences before they were put in order."""

    claims: tuple[Claim, ...]
    reasons: tuple[ExclusionReason, ...]
    ends: tuple[int, ...]


class Scorer:
    """Scores the units of one text."""

    def __init__(self, text: GoldText) -> None:
        self.text = text
        self.language = text.language
        self._sentences = {sentence.id: sentence for sentence in text.sentences}
        said = [text.document.title, text.document.text]
        self._whole = Words("\n".join([*said, *self._resolved(said)]), self.language)
        self._names = frozenset(part for name in names(text.document.text, self.language) for part in name.parts)

    def scores(self, unit: Unit, found: Found) -> dict[str, Score]:
        """Every metric that can be counted on the unit, by name."""
        scores = {
            "ended_once": _share(count == 1 for count in found.ends),
            **_checkworthiness(unit, found),
            **self._kept(unit, found),
            **self._made(unit, found),
        }
        return {name: score for name, score in scores.items() if score.of}

    def _kept(self, unit: Unit, found: Found) -> dict[str, Score]:
        """What of the gold claims stands in those that were made."""
        said = [Words(claim.text, self.language) for claim in found.claims]
        together = Words("\n".join(claim.text for claim in found.claims), self.language)
        wanted = unit.claims or ()
        elements = [self._elements(claim) for claim in wanted]
        anchors = [claim.anchor for claim in wanted if claim.anchor is not None and found.claims]
        return {
            "element_recall": _share(self._told(element, together) for each in elements for element in each),
            "claims_kept": _share(
                any(all(self._told(e, one) for e in each) for one in said) for each in elements if each
            ),
            "needs_told": _share(self._told(need, together) for claim in wanted for need in claim.needs),
            "anchor_overlap": Score(
                hits=sum(max(overlap(anchor, claim.span) for claim in found.claims) for anchor in anchors),
                of=len(anchors),
            ),
        }

    def _made(self, unit: Unit, found: Found) -> dict[str, Score]:
        """What can be said of each claim that was made."""
        known, as_of = self._known(unit, found), self.text.as_of
        telling = [_telling(claim.text, self.language) for claim in found.claims]
        return {
            "element_precision": _share(known.holds(element, as_of) for each in telling for element in each),
            "stands_alone": _share(
                stands_alone(claim.text, self.language, as_of, self._names) for claim in found.claims
            ),
            "entailed": _share(
                all(self._whole.holds(element, as_of) for element in each) and not self._turned(claim)
                for claim, each in zip(found.claims, telling, strict=True)
            ),
            "anchored": _share(self._anchored(claim) for claim in found.claims),
        }

    def _elements(self, claim: GoldStatement) -> tuple[str, ...]:
        """Those an editor listed, or the claim's numbers, dates and names that its text has, too."""
        if claim.elements is not None:
            return claim.elements
        telling = _telling(claim.text, self.language)
        return tuple(element.text for element in telling if self._whole.holds(element, self.text.as_of))

    def _told(self, element: str, said: Words) -> bool:
        """Whether an element stands in what was said, as written or with its relative time resolved."""
        return said.tell(element) or any(said.tell(reading) for reading in self._resolved([element]))

    def _known(self, unit: Unit, found: Found) -> Words:
        """All a claim of this unit may speak of: its sentences, what the gold says of them, and the day of writing.

        Where nobody listed what a claim needs, a name from anywhere in the text may stand for a pronoun.
        """
        if any(claim.elements is None for claim in unit.claims or ()) or unit.claims is None:
            return self._whole
        ids = {name for claim in found.claims for name in claim.sentences} | set(unit.sentences)
        own = [sentence.span.of(self.text.document.text) for sentence in self.text.sentences if sentence.id in ids]
        gold = [said for claim in unit.claims for said in (claim.text, *claim.needs)]
        return Words("\n".join([*own, *self._resolved(own), *gold]), self.language)

    def _resolved(self, said: Sequence[str]) -> list[str]:
        day = self.text.as_of
        return [] if day is None else [resolved(each, self.language, day) for each in said]

    def _turned(self, claim: Claim) -> bool:
        """Whether the claim says no where the stretch it comes from says yes, or the other way round.

        Of a stretch that says both, the clause counts that shares most words with the claim.
        """
        origin, says_no = claim.span.of(self.text.document.text), negated(claim.text, self.language)
        if negated(origin, self.language) == says_no:
            return False
        said = {word.key for word in content(words(claim.text, self.language), self.language)}
        shared = {
            clause: len(said & {word.key for word in words(clause, self.language)}) for clause in _CLAUSE.split(origin)
        }
        nearest = max(shared, key=lambda clause: shared[clause])
        return shared[nearest] > 0 and negated(nearest, self.language) != says_no

    def _anchored(self, claim: Claim) -> bool:
        """Whether its span holds words and lies in one of its sentences."""
        inside = any(self._sentences[name].span.contains(claim.span) for name in claim.sentences)
        return inside and any(char.isalnum() for char in claim.span.of(self.text.document.text))


def _share(held: Iterable[bool]) -> Score:
    counted = list(held)
    return Score(hits=sum(counted), of=len(counted))


def _checkworthiness(unit: Unit, found: Found) -> dict[str, Score]:
    """Whether there is a claim where there should be; an answer that the gold lets pass is neither hit nor miss."""
    if not unit.kinds:
        return {}
    said, wanted, allowed = bool(found.claims), unit.kinds[0] == "claims", "claims" in unit.kinds
    missed = wanted and not said and not (set(found.reasons) & set(unit.kinds))
    hit, invented = said and allowed, said and not allowed
    reasons = () if said or wanted or set(unit.kinds) >= NOT_CLAIMS else found.reasons
    return {
        "sentence_coverage": _share([said] if wanted else []),
        "checkworthy_precision": _share([allowed] if said else []),
        "checkworthy_recall": _share([said] if hit or missed else []),
        "checkworthy_f1": Score(hits=2 * hit, of=2 * hit + invented + missed),
        "excluded_rightly": _share(reason in unit.kinds for reason in reasons),
    }


Element = Quantity | PartialDate | Name


def _telling(said: str, language: str) -> tuple[Element, ...]:
    """The numbers, dates and names: what may not be invented."""
    days = dates(said, language)
    found = names(said, language)
    dated = [(day.start, day.end) for day in days]
    return (
        *(q for q in quantities(said, language, known_dates=days) if q.kind != "ordinal"),
        *days,
        *(name for name in found if not any(start < name.end and name.start < end for start, end in dated)),
    )


@dataclass(frozen=True)
class Words:
    """A text as something that may hold an element."""

    text: str
    language: str

    @cached_property
    def _plain(self) -> str:
        return _plain(self.text)

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(word.key for word in words(self.text, self.language))

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(fold(word.text).replace(".", "") for word in words(self.text, self.language))

    @cached_property
    def _dates(self) -> tuple[PartialDate, ...]:
        return dates(self.text, self.language)

    @cached_property
    def _quantities(self) -> tuple[Quantity, ...]:
        return quantities(self.text, self.language, known_dates=self._dates)

    @cached_property
    def _names(self) -> tuple[Name, ...]:
        return names(self.text, self.language)

    def holds(self, element: Element, as_of: date | None) -> bool:
        """Whether the element stands here: numbers and dates as written or by what they mean, names by their words.

        A day or month that is given without its year is that of the year of writing, too.
        """
        if isinstance(element, Name):
            bare = [re.sub(r"['’]s?$", "", part) for part in element.parts]
            return set(bare) <= self._folded or any(element.is_like(name) for name in self._names)
        if f" {_plain(element.text)} " in f" {self._plain} ":
            return True
        if isinstance(element, Quantity):
            return any(element.agrees(mine) for mine in self._quantities if mine.kind in (element.kind, "count"))
        year = as_of.year if as_of else None
        return any(
            element.covered_by(mine) or (mine.year is None and element.year == year and element.agrees(mine))
            for mine in self._dates
        )

    def tell(self, element: str) -> bool:
        """Whether the words of ``element`` stand here: verbatim, or in another form with numbers and dates of the
        same value."""
        if _plain(element) and f" {_plain(element)} " in f" {self._plain} ":
            return True
        days = dates(element, self.language)
        counted = quantities(element, self.language, known_dates=days)
        values: tuple[Element, ...] = (*days, *counted)
        spans = [(value.start, value.end) for value in values]
        rest = [
            word
            for word in content(words(element, self.language), self.language)
            if not any(start <= word.start < end for start, end in spans) and word.lower not in _hedges(self.language)
        ]
        return (
            bool(spans or rest)
            and all(self.holds(value, None) for value in values)
            and all(word.key in self._keys or fold(word.text) in self._folded for word in rest)
        )


def _plain(text: str) -> str:
    """Words, numbers and signs in one case, with one space between them."""
    return " ".join(re.findall(r"\w+(?:[.,:]\d+)*|[^\w\s.,;:!?\"'()„“”‚‘’»«]", normalise(text).text.casefold()))


@lru_cache(maxsize=16)
def _hedges(language: str) -> frozenset[str]:
    """Single words before a number, which its meaning already takes into account."""
    phrases: list[Mapping[str, tuple[str, ...]]] = [APPROXIMATE, AT_LEAST, AT_MOST]
    return frozenset(word for phrase in phrases for said in phrase.get(language, ()) for word in said.split())


_PRONOUN = {  # of somebody else; without those that German also uses to address the reader
    "en": re.compile(r"(?<![\w'’])(?:[Hh]e|[Ss]he|[Hh]im|[Hh]er|[Hh]is|[Hh]ers)(?![\w'’-])"),
    "de": re.compile(r"(?<!\w)(?:[Ee]r|[Ii]hm|[Ii]hn)(?!\w)"),
}
_SPEAKER = {
    "en": re.compile(
        r"(?:^|[,;:–—] |\b(?:and|but|that|when|if|because|as|what|than) )I\b|\b(?:[Ww]e|us|[Oo]ur|[Mm]y|me)\b"
    ),
    "de": re.compile(r"\b(?:[Ii]ch|[Ww]ir|[Uu]ns|[Mm]ir|[Mm]ich|[Uu]nser(?:e[rnsm]?)?|[Mm]ein(?:e[rnsm]?)?)\b"),
}
_SOMEBODY = {  # a noun that a pronoun behind it may stand for
    "en": re.compile(r"\b(?:[Tt]he|[Aa]n?|[Oo]ne|[Ee]very|[Ee]ach)(?: [\w'’-]+)+"),
    "de": re.compile(r"(?<=\w )[A-ZÄÖÜ][a-zäöüß]"),
}
_CLAUSE = re.compile(
    r"[,;:–—()]|\b(?:but|and|while|whereas|although|though|who|which|aber|und|sondern|während|obwohl|jedoch)\b"
)
_QUOTED = re.compile(r"„[^“”]*[“”]|“[^”]*”|\"[^\"]*\"|»[^«]*«|«[^»]*»")
_WHEN = {
    "en": re.compile(
        r"\b(?:yesterday|today|tonight|tomorrow|nowadays|currently|recently|(?:this|last|next) (?:year|month|week|"
        r"weekend|spring|summer|autumn|fall|winter|night|morning|evening|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)"
        r"|\w+ (?:days|weeks|months|years) ago)\b",
        re.IGNORECASE,
    ),
    "de": re.compile(
        r"\b(?:(?:vor)?gestern|(?<!bis )heute|morgen(?= [a-zäöü])|kürzlich|neulich|derzeit|"
        r"(?:dies|letzt|vergangen|vorig|nächst|kommend|laufend)e[rnsm]? (?:Jahr\w*|Monats?|Woche|Wochenende|Frühjahr|"
        r"Frühling|Sommer|Herbst|Winter|Nacht|Abend|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tag|Mittwoch)|"
        r"vor \w+ (?:Tagen|Wochen|Monaten|Jahren))\b",
        re.IGNORECASE,
    ),
}


def stands_alone(claim: str, language: str, as_of: date | None, known: frozenset[str] = frozenset()) -> bool:
    """Whether a stranger knows who and when: nothing said of "I" or "we", no pronoun that stands for nobody named here,
    no opening that points back, and, where the day of writing is known, no time counted from it.

    ``known`` are the folded words of names seen elsewhere. What stands in quotation marks is somebody's words.
    """
    told = _QUOTED.sub("“”", claim)
    if as_of is not None and (is_relative(told, language) or _first(_WHEN, told, language)):
        return False
    if _first(_SPEAKER, told, language) or _opens_pointing_back(told, language):
        return False
    pronoun = _first(_PRONOUN, told, language)
    if pronoun is None or names(told, language, known=known):
        return True
    return _first(_SOMEBODY, told[: pronoun.start()], language) is not None


def _first(patterns: Mapping[str, re.Pattern[str]], text: str, language: str) -> re.Match[str] | None:
    return patterns[language].search(text) if language in patterns else None


def _opens_pointing_back(text: str, language: str) -> bool:
    """ "She …", "This …", also behind a date: "In 2010, he …"."""
    if not statements.known(language) or statements.EXPLETIVE[language].match(text):
        return False
    subject = statements.PRONOUN_SUBJECT[language].match(text)
    if subject is not None and not names(text[: subject.start("pronoun")], language):
        return True
    return bool(statements.ANAPHORA[language].match(text) or statements.PRONOUN_POSSESSIVE[language].match(text))


def overlap(left: Span, right: Span) -> float:
    """Characters that two stretches share, as a part of those that either has."""
    shared = max(0, min(left.end, right.end) - max(left.start, right.start))
    union = (left.end - left.start) + (right.end - right.start) - shared
    return shared / union if union else 0.0
