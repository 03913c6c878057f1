"""Claims about what the references do not say, about somebody or something they speak of.

Either what they tell of another person ("… studied in Graz") is told of one whom they never name beside it, or an event
is made up around a name. Both are checked against every passage of the store: none that mentions the name says anything
of the kind. Never used is what only one can have done or been: it would be contradicted, not absent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from eval.make_contrast.corpus import Corpus
from eval.make_contrast.entities import GIVEN, PERSON
from eval.make_contrast.places import PLACES
from eval.make_contrast.sentences import Statement, several_statements, tokens_of
from factcheck.language.cues import FUNCTION_WORDS, word_set
from factcheck.models import Passage


@dataclass(frozen=True)
class Absent:
    """A made-up claim, the statement whose subject it speaks of, and the passages nearest to it."""

    claim: str
    about: Statement
    passages: tuple[Passage, ...]


_TELLS = {
    "en": re.compile(
        r"(?P<rest> (?:moved to|studied|worked|lived in|visited|travelled|traveled|returned to|attended|received|"
        r"joined|taught|"
        r"toured|spent|donated|lectured|settled in|arrived in|fell ill|learned|translated|corresponded|"
        r"was injured|was hired|"
        r"was educated|enrolled|was interviewed|was arrested|was treated|gave a|gave lectures) .+)$"
    ),
    "de": re.compile(
        r"(?P<rest> (?:zog|studierte|arbeitete|lebte|besuchte|reiste|kehrte|erhielt|unterrichtete|lehrte|"
        r"verbrachte|spendete|"
        r"lernte|übersetzte|erkrankte|wurde (?:verletzt|verhaftet|interviewt)|hielt) .+)$"
    ),
}
_ONLY_ONE = {
    "en": re.compile(
        r"(?i)\b(?:first|last|only|\w+est|most|world|won|win|capital|champion\w*|president|king|queen|chair\w*|title|"
        r"he|she|his|her|hers|him|its|their|it|they|himself|herself|father|mother|brother|sister|son|daughter|"
        r"wife|husband)\b"
    ),
    "de": re.compile(
        r"(?i)\b(?:erste\w?|letzte\w?|einzige\w?|\w+ste[nrsm]?|gewann|meister\w*|präsident\w*|könig\w*|titel|er|"
        r"sie|sein\w*|"
        r"ihr\w*|sich|vater|mutter|bruder|schwester|sohn|tochter|frau|mann|ehefrau)\b"
    ),
}
_MADE_UP = {
    "en": (
        "A documentary film about {name} was shown in {city} in {month} {year}.",
        "A travelling exhibition on {name} opened in {city} in {month} {year}.",
        "A two-day conference on {name} took place in {city} in {month} {year}.",
        "The city library of {city} held a series of evening lectures on {name} in {month} {year}.",
        "A theatre company from {city} staged a play about {name} in {month} {year}.",
        "A collection of letters about {name} was sold at an auction in {city} in {month} {year}.",
    ),
    "de": (
        "In {city} wurde im {month} {year} ein Dokumentarfilm über {name} gezeigt.",
        "Eine Wanderausstellung über {name} öffnete im {month} {year} in {city}.",
        "Eine zweitägige Konferenz über {name} fand im {month} {year} in {city} statt.",
        "Die Stadtbibliothek in {city} bot im {month} {year} eine Vortragsreihe über {name} an.",
        "Ein Theater in {city} führte im {month} {year} ein Stück über {name} auf.",
        "Eine Sammlung von Briefen über {name} wurde im {month} {year} in {city} versteigert.",
    ),
}
_MONTHS = {
    "en": ("January", "March", "April", "June", "September", "October", "November"),
    "de": ("Januar", "März", "April", "Juni", "September", "Oktober", "November"),
}
_YEAR = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")
_FROM, _TO = 1998, 2025
_SUBJECT = re.compile(
    r"(?:[A-ZÄÖÜ][\w’-]*[a-zäöüß\d]|[A-ZÄÖÜ]{2,})(?: [A-ZÄÖÜ][\w’-]+| \d+){0,3}(?= (?:is|are|was|were|has|had|ist|"
    r"sind|war|"
    r"waren|wurde|wurden|hat|hatte|[a-zäöüß]{2,}(?:ed|te|ten)|began|became|went|took|died|starb|trat|begann|liegt|"
    r"lies) )"
)
_OPENING_NAME = re.compile(r"[A-ZÄÖÜ][\w’-]*[^\W\d_](?: [A-ZÄÖÜ][\w’.-]*[^\W\d_]){0,2}")
_LIVES = {
    "en": re.compile(
        rf"(?:^|(?<=[\s(]))(?P<name>{_OPENING_NAME.pattern})(?= (?:was born|died (?:in|on|of|at)|married|studied|"
        rf"attended|"
        r"was educated|graduated))"
    ),
    "de": re.compile(
        rf"(?:^|(?<=[\s(]))(?P<name>{_OPENING_NAME.pattern})(?= (?:starb|studierte|heiratete|promovierte|wuchs)|"
        r" wurde [^.]*\bgeboren)"
    ),
}
_WITHIN = {"en": r"[a-zäöüß,] {name}\b", "de": r"\b(?:von|für|mit|bei|aus|nach|über|in) {name}\b"}
_ARTICLE = r"(?i)\b(?:the|an?|de[rmns]|die|das|eine?[rmns]?|[iv]m|zum|zur|beim|vom) {name}\b"
_TRIES = 40
_BESIDE = 0.25  # of a predicate's words: a passage about the name that holds more may say something of the kind


def _person_in(statement: Statement) -> str | None:
    """A person named anywhere in the statement, whole: not the "Gabriel Valley" of "San Gabriel Valley"."""
    text = statement.text
    for found in PERSON.finditer(text):
        before = text[: found.start()].split()[-1:]
        part = bool(before) and before[0][0].isupper() and (before[0] in GIVEN or before[0] in _BEFORE_PLACES)
        genitive = statement.language == "de" and found[0].endswith("s")
        if not part and not genitive and not found[0].endswith(_PLACES_END):
            return found[0]
    return None


_BEFORE_PLACES = word_set("San Santa St. Saint Sankt Mount Lake Port Fort Cape Los Las El")
_PLACES_END = ("Valley", "Street", "River", "Bridge", "University", "Park", "Square", "Airport", "College", "Museum")


class Inventor:
    """Makes the claims; ``statements`` and ``corpus`` are all there is, so that each is checked against everything."""

    def __init__(self, statements: Sequence[Statement], corpus: Corpus) -> None:
        self._corpus = corpus
        self._people = {
            language: frozenset(
                found["name"]
                for passage in corpus.passages
                if passage.language == language
                for found in _LIVES[language].finditer(passage.text)
                if found["name"].split()[0].lower() not in FUNCTION_WORDS[language]
            )
            for language in _LIVES
        }
        self._used: set[str] = set()  # the same told of many would weigh too much
        self._tellers = tuple(s for s in statements if self._told(s) is not None)

    def absent(self, about: Statement, random: Random) -> Absent | None:
        """A claim about the subject of a statement that stands nowhere; None where it opens with no sure name."""
        name = self._person(about)
        if name is not None:
            unused = [teller for teller in self._tellers if teller.text not in self._used]
            for teller in random.sample(unused, min(_TRIES, len(unused))):
                if claim := self._told_of_another(name, about, teller):
                    self._used.add(teller.text)
                    return Absent(claim, about, (about.passage, teller.passage))
        subject = name or self._subject(about) or _person_in(about)
        return self._made_up(subject, about, random) if subject is not None else None

    def _person(self, statement: Statement) -> str | None:
        """The person a statement opens with: by a given name, or as one whom the references say was born or studied."""
        found = PERSON.match(statement.text) or _OPENING_NAME.match(statement.text)
        if found is None:
            return None
        known = found.re is PERSON or found[0] in self._people[statement.language]
        return found[0] if known and statement.text[found.end() :].startswith(" ") else None

    def _subject(self, statement: Statement) -> str | None:
        """The name a statement opens with, where it is sure to be a name and takes no article."""
        found = _SUBJECT.match(statement.text)
        if found is None or found[0].split()[0].lower() in FUNCTION_WORDS[statement.language]:
            return None
        name = found[0]
        if name in PLACES[statement.language]["country"] or name in PLACES[statement.language]["city"]:
            return name
        in_title = re.search(rf"\b{re.escape(name)}\b", statement.passage.title) is not None
        return name if (in_title or statement.language == "en") and self._stands_bare(name, statement) else None

    def _stands_bare(self, name: str, statement: Statement) -> bool:
        """Whether the references have the name within a sentence, as a name is written, and never with an article."""
        bare = re.compile(_WITHIN[statement.language].format(name=re.escape(name)))
        article = re.compile(_ARTICLE.format(name=re.escape(name)))
        texts = [statement.passage.text, *self._texts(name, statement.language)]
        common = re.compile(rf"\b{re.escape(name.lower())}\b")
        if name != name.lower() and any(common.search(text) for text in texts):
            return False  # "Sets" opens a sentence, and is a word like others elsewhere
        return any(bare.search(text) for text in texts) and not any(article.search(text) for text in texts)

    def _years(self, numbers: set[int]) -> list[int]:
        """The years named in these passages."""
        return [int(year) for number in numbers for year in _YEAR.findall(self._corpus.passages[number].text)]

    def _texts(self, name: str, language: str) -> list[str]:
        return [self._corpus.passages[number].text for number in self._corpus.holding([name], language)]

    def _told(self, statement: Statement) -> tuple[str, str] | None:
        """Who a statement is about and what it tells of them, where the same may be told of another."""
        name = self._person(statement)
        if name is None or several_statements(statement.text, statement.language):
            return None
        told = _TELLS[statement.language].match(statement.text, len(name))
        if told is None or _ONLY_ONE[statement.language].search(told["rest"]) or _YEAR.search(told["rest"]):
            return None
        return name, told["rest"]

    def _told_of_another(self, name: str, about: Statement, teller: Statement) -> str | None:
        found = self._told(teller)
        if found is None or teller.language != about.language or teller.passage.source == about.passage.source:
            return None
        other, rest = found
        words = [word for word in tokens_of(rest) if word.lower() not in FUNCTION_WORDS[about.language]]
        surname = name.split()[-1]
        if surname == other.split()[-1] or surname in rest or surname in teller.passage.text:
            return None
        around = self._corpus.mentions(surname, about.language)
        if any(self._corpus.share(words, about.language, number) > _BESIDE for number in around):
            return None
        return f"{name}{rest}"

    def _made_up(self, name: str, about: Statement, random: Random) -> Absent | None:
        around = self._corpus.mentions(name, about.language)
        cities = [
            city
            for city in PLACES[about.language]["city"]
            if city not in name and not around & self._corpus.holding([city], about.language)
        ]
        template = random.choice(_MADE_UP[about.language])
        event = [w for w in tokens_of(template) if len(w) > 4 and w.lower() not in FUNCTION_WORDS[about.language]]
        if not cities or any(self._corpus.share(event, about.language, number) > _BESIDE for number in around):
            return None
        since = max(
            year for year in (_FROM, *self._years(around)) if year <= _TO
        )  # before that it may not have been there yet
        claim = template.format(
            name=name,
            city=random.choice(cities),
            month=random.choice(_MONTHS[about.language]),
            year=random.randint(since, _TO),
        )
        return Absent(claim, about, (about.passage,))
