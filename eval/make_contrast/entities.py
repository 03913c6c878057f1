"""Another name of the same kind, out of the same references, where only one can be right.

Places of what happened once or lies somewhere, and who did what only one does: "was founded by", "Hauptstadt von".
Names in a list, beside another name, or with a "such as" are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from eval.make_contrast.corpus import Corpus
from eval.make_contrast.edit import Edit, shuffled
from eval.make_contrast.events import event_near
from eval.make_contrast.places import PLACES, PlaceKind
from eval.make_contrast.sentences import Statement
from factcheck.language.cues import FUNCTION_WORDS, word_set

GIVEN = word_set("""
    Adam Adele Albert Alexander Alfred Alice Andrea Andreas Andrew Angela Anna Anne Anthony Antonio Arthur August
    Barbara Benjamin Bernhard Bruno Carl Carlos Charles Charlotte Chris Christian Christine Christoph Christopher
    Clara Claude Daniel David Dieter Donald Dorothea Edward Elena Elisabeth Elizabeth Emil Emma Enrico Erich Ernst
    Eva Ferdinand Florian Francis Frank Franz Friedrich Fritz Gabriel Galileo Georg George Gerhard Gottfried Gustav
    Hannah Hans Harald Heinrich Helen Helga Helmut Henri Henry Herbert Hermann Hugo Isaac Isabella Ivan Jacob
    Jacques Jakob James Jan Jean Jens Joachim Johann Johannes John Jonas Jörg Josef Joseph Julia Julius Jürgen
    Karin Karl Katharina Klaus Konrad Kurt Laura Lena Leo Leonardo Leonhard Louis Louise Ludwig Lukas Manfred Marco
    Margaret Maria Marie Mark Markus Martin Martina Mary Matthew Matthias Max Maximilian Michael Monika Nicolas
    Nikola Nikolaus Olaf Oliver Oscar Oskar Otto Patrick Paul Paula Peter Petra Philip Philipp Pierre Rainer Ralf
    Richard Robert Roger Roland Rolf Rosa Rudolf Ruth Samuel Sandra Sarah Sebastian Sergei Sibylle Silvia Simon
    Sophie Stefan Stephan Stephen Steve Steven Susan Susanne Sven Theodor Theresa Thomas Tim Tobias Ulrich Ursula
    Uwe Victor Viktor Vincent Vladimir Volker Walter Werner Wilhelm William Wilma Wolfgang
    """)
_NAME = r"[A-ZÄÖÜ][\w.'’-]*[\w](?: (?:(?:of|de|von|van|der|du|la|le) )?[A-ZÄÖÜ][\w.'’-]*\w){0,3}"
PERSON = re.compile(
    rf"\b(?:{'|'.join(sorted(GIVEN))}) (?:[A-Z]\. |(?:de|von|van) )?[A-ZÄÖÜ][^\W\d_]+(?![\w-]| [A-Z][a-z])"
)
_MADE = {
    "en": "founded established written designed invented discovered composed directed painted commissioned built "
    "developed created produced acquired purchased patented coined assassinated killed conquered authored "
    "commanded launched published".replace(" ", "|"),
    "de": "gegründet entworfen erfunden entdeckt komponiert gemalt verfasst geschrieben gebaut entwickelt geschaffen "
    "produziert übernommen gekauft erworben geleitet ermordet getötet erobert eingeweiht eröffnet geprägt "
    "hergestellt ausgerichtet veröffentlicht freigegeben".replace(" ", "|"),
}
_MADE_ACTIVE = {
    "en": "founded|invented|discovered|composed|painted|coined|wrote|designed|directed|patented|assassinated",
    "de": "gründete|erfand|entdeckte|komponierte|malte|prägte|schrieb|verfasste|entwarf|ermordete",
}
_ALONE_AFTER = (
    r"(?=[.]|\s(?!(?:and|und|or|oder|&|sowie|with|mit|et)\b)[a-zäöüß0-9(]|,\s(?![A-ZÄÖÜ])(?!(?:and|und)\b)|$)"
)
_AGENT = {
    "en": (
        re.compile(
            rf"\b(?:was|were|been) (?:\w+ly |first )?(?:{_MADE['en']})(?: in \d{{4}})? by "
            rf"(?P<name>(?:the )?{_NAME}){_ALONE_AFTER}"
        ),
        re.compile(rf"^(?P<name>{_NAME})(?= (?:{_MADE_ACTIVE['en']}) (?:the |[A-Z]))"),
    ),
    "de": (
        re.compile(
            rf"\b(?:von|durch) (?P<name>{_NAME})"
            rf"(?=(?: (?:im Jahr )?\d{{4}})?(?: in [A-ZÄÖÜ]\w+)? (?:{_MADE['de']})\b)"
        ),
        re.compile(rf"^(?P<name>{_NAME})(?= (?:{_MADE_ACTIVE['de']}) (?:\d{{4}} )?(?:de[rn]|die|das|[A-ZÄÖÜ]))"),
    ),
}
_IN = r"\b[Ii]n (?P<name>{places}){alone}"
_OF = {
    "en": r"\b(?:capital(?: city)?|currency) of (?P<name>{places}){alone}",
    "de": r"\b(?:Hauptstadt|Währung) von (?P<name>{places}){alone}",
}
_LIES = {
    "en": re.compile(r"\b(?:headquartered|located|situated|based|buried|held|lies|stands|seat|headquarters|capital) $"),
    "de": re.compile(r"(?i)\b(?:liegt|befindet sich|sitz|hauptsitz|hat seinen sitz|steht|ansässig|begraben) $"),
}
_LISTED = {
    "en": re.compile(r"(?i)\b(?:such as|including|e\.g|for example|among|like|both|also|co-|together|jointly|other)\b"),
    "de": re.compile(
        r"(?i)\b(?:wie|darunter|z\. ?B|beispielsweise|unter anderem|sowohl|auch|gemeinsam|zusammen|andere\w*)\b"
    ),
}
_OWNED = re.compile(
    r"(?i)\b(?:his|her|he|she|its|their|sein\w*|ihr\w*|king|queen|wife|husband|frau|mann|brother|sister|son|"
    r"daughter|sohn|tochter|bruder|schwester)\b"
)
_ORGANISATION = re.compile(
    r"(?:Corporation|Corp|Inc|Ltd|LLC|GmbH|AG|SE|KG|Company|Commission|University|Universität|Institut|Institute|"
    r"Ministry|"
    r"Council|Museum|Agency|Bank|Group|Gruppe|Press|Society|Committee|Records|Pictures|Studios|Foundation|Stiftung|"
    r"Association|Verlag|Hochschule|Verband|Verein|Werke|College|Office|Laboratory|Labs|Motors|Airlines|Software)\.?$"
)
_PASSAGE_NAMES = re.compile(r"\w+")


@dataclass(frozen=True)
class Cast:
    """Who and what occurs in the references, by kind: people, organisations that made something, and places."""

    people: tuple[str, ...]
    makers: dict[str, tuple[str, ...]]  # by language
    places: dict[str, dict[PlaceKind, tuple[str, ...]]]  # by language


def cast_of(corpus: Corpus, statements: Sequence[Statement]) -> Cast:
    """The names of the references that may stand in for each other."""
    people: dict[str, None] = {}
    for passage in corpus.passages:
        people.update(dict.fromkeys(match[0] for match in PERSON.finditer(passage.text)))
    makers: dict[str, dict[str, None]] = {"de": {}, "en": {}}
    for statement in statements:
        for found in _agents(statement.text, statement.language):
            if _ORGANISATION.search(found["name"]):
                makers[statement.language][found["name"]] = None
    places = {
        language: {
            kind: tuple(name for name in names if corpus.holding([name], language)) for kind, names in kinds.items()
        }
        for language, kinds in PLACES.items()
    }
    return Cast(tuple(people), {language: tuple(names) for language, names in makers.items()}, places)


def entity_edits(statement: Statement, cast: Cast, random: Random) -> list[Edit]:
    """What could be changed: each name by one that the statement's passage does not mention."""
    if _LISTED[statement.language].search(statement.text):
        return []
    edits = [*_places(statement, cast, random), *_makers(statement, cast, random)]
    return shuffled(edits, random)


def _places(statement: Statement, cast: Cast, random: Random) -> Iterator[Edit]:
    text, language = statement.text, statement.language
    for kind, names in PLACES[language].items():
        spelled = "|".join(names)
        for template in (_IN, _OF[language]):
            for found in re.finditer(template.format(places=spelled, alone=_ALONE_AFTER), text):
                settled = template is _OF[language] or _happens_there(text, found, language)
                if not settled or len(re.findall(rf"\b{found['name']}\b", text)) > 1:
                    continue
                mine = cast.places[language][kind]
                if new := _stranger(mine, statement, random) or _stranger(names, statement, random):
                    yield Edit(found.start("name"), found.end("name"), new)


def _happens_there(text: str, found: re.Match[str], language: str) -> bool:
    lies = _LIES[language].search(text[: found.start()]) is not None
    return lies or event_near(text, found.start(), found.end(), language)


def _makers(statement: Statement, cast: Cast, random: Random) -> Iterator[Edit]:
    if _OWNED.search(statement.text):
        return
    for found in _agents(statement.text, statement.language):
        name = found["name"]
        others = cast.people if name in cast.people else cast.makers[statement.language]
        if name not in others:
            continue
        if new := _stranger([other for other in others if other != name], statement, random):
            yield Edit(found.start("name"), found.end("name"), new)


def _agents(text: str, language: str) -> Iterator[re.Match[str]]:
    for pattern in _AGENT[language]:
        for found in pattern.finditer(text):
            first = found["name"].split()[0].lower()
            if first == "the" or first not in FUNCTION_WORDS[language]:
                yield found


def _stranger(names: list[str] | tuple[str, ...], statement: Statement, random: Random) -> str | None:
    """One of the names of which no longer word stands in the passage or its title."""
    around = {word.lower() for word in _PASSAGE_NAMES.findall(f"{statement.passage.title} {statement.passage.text}")}
    free = [n for n in names if not any(len(w) > 3 and w.lower() in around for w in _PASSAGE_NAMES.findall(n))]
    return random.choice(free) if free else None
