"""Which sentences of a store can be claims: stated flatly, in German or English, and to be understood alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from eval.make_contrast.places import PLACES
from factcheck.language.cues import ATTRIBUTIONS, FUNCTION_WORDS, word_set
from factcheck.language.names import names
from factcheck.language.words import fold
from factcheck.models import Passage
from factcheck.sentences import sentences_in

LANGUAGES = ("de", "en")
SHORTEST, LONGEST = 5, 34  # words

Unusable = Literal[
    "another language",
    "not a whole sentence",
    "too short or too long",
    "leans on its context",
    "hedged, reported or judged",
    "more than one statement",
    "stands twice",
]


@dataclass(frozen=True)
class Statement:
    """A sentence of a passage: ``quote`` as it stands there, ``text`` the same on one line."""

    text: str
    quote: str
    passage: Passage

    @property
    def language(self) -> str:
        return self.passage.language


_MARKS = re.compile(r"[\[\]{}<>|*_#`\\/=^~@•→±≥≤§\"“”„‟«»›‹:;?!…]|\.{2}|\bhttps?\b|www\.|\s[-–—]|[-–—]\s")
_WHOLE = re.compile(r"^[A-ZÄÖÜ0-9].*[\w%)€°]\.$", re.DOTALL)
_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,]\d+)*")
_LABELLED = re.compile(
    r"(?:BACKGROUND|METHODS?|RESULTS?|CONCLUSIONS?|OBJECTIVES?|PURPOSE|AIMS?|DESIGN|SETTING|FINDINGS) "
)
_GLUED = re.compile(r"[a-zäöüß0-9]\.[A-ZÄÖÜ]")  # a full stop without its space
_HEADING_LINE = 45  # characters: a shorter line within a sentence is a heading or an item above it

_LEANS_AT_START = {
    "en": re.compile(
        r"(?i)(?:he|she|it|they|this|that|these|those|his|her|its|their|there|here|such|both|another|others?|however|"
        r"therefore|thus|hence|moreover|furthermore|also|but|and|or|nor|so|then|later|meanwhile|instead|additionally|"
        r"similarly|finally|afterwards?|eventually|subsequently|consequently|accordingly|likewise|nevertheless|"
        r"nonetheless|still|yet|soon|again|besides|conversely|overall|together|most|many|some|several|few|one|two|"
        r"three|"
        r"all|none|neither|either|each|every|no|not|only|even|after|before|since|when|while|although|though|"
        r"because|if|"
        r"unlike|like|as|to|for example|for instance|in addition|in contrast|in turn|in fact|in particular|as well|"
        r"in this|in these|in that|in those|at that|at this|by this|by then|on the other|the same|the (?:former|"
        r"latter|"
        r"first|second|third|last|next|other|others|following|remaining|rest)|what|which|who|where|i|we|you|my|"
        r"our|your|"
        r"more|less|fewer|other|further|first|second|third|next|now|today|currently|recently|once|earlier|previously|"
        r"an?other|same|with (?:this|that|these|his|her|its|their)|is|was|were|has|had|have|born)\b|"
        r"(?:in|during|at|by|on|under|over|upon|after|before|for|from|with) (?:the|one|all) [a-z]+(?: [a-z]+)?,"
    ),
    "de": re.compile(
        r"(?i)(?:er|sie|es|dies\w*|jene\w*|seine?\w?|ihre?\w?|solche?\w?|beide\w?|andere\w?|ein(?:e|er|"
        r"s)? (?:andere|weitere)\w?|"
        r"dort|hier|da|dabei|dadurch|dafür|dagegen|daher|damals|damit|danach|dann|daran|darauf|daraufhin|daraus|"
        r"darin|"
        r"darüber|darunter|davon|davor|dazu|deshalb|deswegen|demnach|dennoch|doch|jedoch|allerdings|außerdem|"
        r"zudem|ferner|"
        r"auch|aber|und|oder|denn|so|somit|später|früher|zuvor|vorher|nachher|anschließend|schließlich|zuletzt|"
        r"zunächst|"
        r"zuerst|ebenso|ebenfalls|gleichzeitig|inzwischen|mittlerweile|stattdessen|trotzdem|hingegen|insgesamt|"
        r"wieder|"
        r"viele\w?|einige\w?|manche\w?|mehrere\w?|wenige\w?|alle\w?|kein\w*|nicht|nur|selbst|sogar|jede\w?|"
        r"eine[rs]? de[rs]|"
        r"nach|nachdem|bevor|seit|seitdem|als|wenn|während|obwohl|weil|da|falls|bis|um|ohne|statt|im gegensatz|"
        r"zum beispiel|beispielsweise|darüber hinaus|in diese[rmn]|in jener|zu diese[rmn]|aus diese[rmn]|"
        r"bei diese[rmn]|"
        r"die(?:se)?lbe\w?|de[rs]selbe\w?|(?:der|die|das) (?:erste|zweite|dritte|letzte|nächste|andere|anderen|"
        r"übrigen|"
        r"folgende|folgenden|ersten|beiden|restliche|weitere|weiteren|gleiche|zweiten|letzten)|was|wer|wo|wie|"
        r"welche\w?|ich|"
        r"wir|ihr|man|unser\w*|mein\w*|mehr|weitere|weniger|ersten?s|zweitens|heute|derzeit|aktuell|jetzt|kürzlich|"
        r"das (?:ist|war|sind|waren|wurde|hat|hatte|führt\w*|bedeut\w+|was|macht\w*|geschah|gelang|betrifft|"
        r"entspricht)|"
        r"am (?:nächsten|selben|gleichen|folgenden)|im (?:selben|gleichen|folgenden|nächsten)|d\.?h|z\.? ?b|"
        r"mit (?:seine|"
        r"ihre|diese)\w*)\b"
    ),
}
_LEANS = {
    "en": re.compile(
        r"(?i)\b(?:he|she|they|him|them|i|we|you|us|me|my|our|your|this|these|those|such|the former|the latter|"
        r"respectively|aforementioned|above-mentioned|likewise|therefore|thus|however|also|too|instead|as well|"
        r"today|yesterday|tomorrow|now|currently|recently|here|ago|this year|(?:last|next|past|coming) (?:week|"
        r"month|year|decade)|so far|to date|"
        r"later|"
        r"then|meanwhile|earlier|previously|same|it|each other|other|others|another|further|following|latter|former|"
        r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|study|paper|article|chapter|section|figure|table|example|"
        r"results?|data|patients|participants)\b"
    ),
    "de": re.compile(
        r"(?i)\b(?:er|sie|ihm|ihn|ihnen|wir|uns|ich|mich|mir|du|ihr|man|unser\w*|mein\w*|dies\w*|jene\w?|"
        r"solche\w?|hier|"
        r"dort|daher|deshalb|somit|jedoch|allerdings|auch|ebenfalls|außerdem|zudem|stattdessen|heute|gestern|"
        r"morgen|jetzt|"
        r"derzeit|aktuell|momentan|gegenwärtig|zurzeit|kürzlich|neulich|bisher|bislang|vor kurzem|damals|danach|dann|"
        r"dabei|damit|dafür|davon|dazu|darin|daran|darauf|darüber|darunter|dadurch|später|zuvor|vorher|anschließend|"
        r"daraufhin|schließlich|weitere\w?|andere\w?|anderem|letztere\w?|erstere\w?|jeweils|beziehungsweise|bzw|"
        r"gleiche\w?|gleichnamige\w?|seither|seitdem|heutige\w?|vorgänger\w*|nachfolge\w*|selbe\w?|dieselbe\w?|"
        r"denselben|derselbe\w?|ebenso|obige\w?|genannte\w?|erwähnte\w?|"
        r"ergebnis\w*|vergangene\w*|kommende\w*|nächste\w*|"
        r"in der (?:stadt|region|gegend)\b(?! (?-i:[A-ZÄÖÜ]))|abbildung|(?:mon|diens|donners|frei|sams|sonn)tags?|"
        r"mittwochs?|tabelle|kapitel|abschnitt|"
        r"beispiel|studie)\b"
    ),
}
_OWNERS = {
    "en": re.compile(r"(?i)\b(?:its|itself|his|her|their|themselves)\b"),
    "de": re.compile(r"(?i)\b(?:es|seine?\w?|ihre?\w?|dessen|deren)\b"),
}
_OWNER_NOT_BEFORE = 4  # words: what a "his" or "its" further on belongs to stands in the same sentence
_NOT_FLAT = {
    "en": re.compile(
        r"(?i)\b(?:(?-i:may)|might|could|would|should|must|can|cannot|possibly|perhaps|probably|likely|unlikely|"
        r"potentially|"
        r"seem\w*|appear\w*|suggest\w*|allegedly|reportedly|supposedly|apparently|presumably|plan\w*|intend\w*|"
        r"expect\w*|"
        r"propos\w+|consider\w*|hop(?:e|es|ed)|aim\w*|if|whether|unless|hypothes\w+|unclear|unknown|will|going to|"
        r"want\w*|attempt\w*|tr(?:y|ies|ied)|estimat\w+|assum\w+|predict\w*|should|ought|best|worst|great|"
        r"important|famous|"
        r"successful|popular|significant\w*|beautiful|unfortunately|fortunately|rather|quite|very|so-called|known to|"
        r"thought to|believed|imply|implies|implied|regarded|view\w*|deni(?:es|ed)|myth|legend\w*|fiction\w*)\b"
    ),
    "de": re.compile(
        r"(?i)\b(?:könnte\w?|kann|können|konnte\w?|dürfte\w?|darf|sollte\w?|soll|sollen|müsste\w?|muss|müssen|"
        r"musste\w?|"
        r"mag|mögen|möglicherweise|vielleicht|wahrscheinlich|vermutlich|wohl|offenbar|anscheinend|angeblich|"
        r"mutmaßlich\w*|"
        r"schein\w+|schien\w*|plan\w+|geplant\w*|beabsichtig\w+|erwäg\w+|erwart\w+|hoff\w+|droh\w+|will|wollen|"
        r"wollte\w?|falls|wenn|ob|sofern|würde\w?|hätte\w?|wäre\w?|sei|seien|habe|unklar|unbekannt|versuch\w+|"
        r"voraussichtlich|möglich\w*|denkbar|geschätzt\w*|schätz\w+|angenommen|vorhergesagt|wird|werden|beste\w?|"
        r"schlecht\w*|großartig\w*|wichtig\w*|berühmt\w*|erfolgreich\w*|beliebt\w*|bedeuten\w*|schön\w*|leider|"
        r"glücklicherweise|ziemlich|recht|sehr|sogenannte\w?|gilt|gelten|galt\w*|betrachte\w+|angesehen|legende\w?|"
        r"mythos|fiktiv\w*|lasse|könne|solle|müsse|wolle|werde|gebe|zeig\w+)\b"
    ),
}
_SECOND_STATEMENT = {
    "en": re.compile(
        r"(?i)\b(?:but|although|though|whereas|while|because|since|until|unless|except|despite|in spite|"
        r"rather than|than|"
        r"when|where|that|which|who|whom|whose|after|before|once|as|so|instead of|either|neither|nor|both|only)\b"
    ),
    "de": re.compile(
        r"(?i)(?:\b(?:aber|sondern|obwohl|obgleich|während|weil|denn|da|nachdem|bevor|als|wenn|sobald|solange|"
        r"sodass|damit|"
        r"indem|trotz|außer|statt|anstatt|weder|noch|sowohl|entweder|wobei|wo|wie|nur|was|wer)\b|"
        r",\s(?:der|die|das|dem|den|deren|dessen|denen|dass|zu|um|in|an|auf|von|mit|für|aus|bei)\b)"
    ),
}


def statements_of(passages: Sequence[Passage]) -> tuple[tuple[Statement, ...], Counter[Unusable]]:
    """The sentences that can be claims, in the order of the passages, and how many others there are, by what is wrong.

    A sentence that two overlapping passages share is met once. One that stands in two places of the store is left out
    the second time, and counted.
    """
    found: list[Statement] = []
    unusable: Counter[Unusable] = Counter()
    places: set[tuple[str, int]] = set()
    texts: set[str] = set()
    known = _Known(_german_names(passages), _english_names(passages))
    for passage in passages:
        for sentence in sentences_in(passage):
            place = (passage.source, passage.span.start + sentence.span.start)
            if place in places:
                continue
            places.add(place)
            quote = sentence.span.of(passage.text)
            text = " ".join(quote.split())
            why = _why_not(text, quote, passage.language, known) or ("stands twice" if text in texts else None)
            if why is not None:
                unusable[why] += 1
                continue
            texts.add(text)
            found.append(Statement(text, quote, passage))
    return tuple(found), unusable


def tokens_of(text: str) -> list[str]:
    """Words and numbers in order."""
    return _TOKEN.findall(text)


def several_statements(text: str, language: str) -> bool:
    """Whether a sentence has a clause of its own within it, so that a "not" may fall on either."""
    return _SECOND_STATEMENT[language].search(text) is not None


def _why_not(text: str, quote: str, language: str, known: _Known) -> Unusable | None:
    if language not in LANGUAGES:
        return "another language"
    if (
        not _WHOLE.match(text)
        or _MARKS.search(text)
        or _GLUED.search(text)
        or _LABELLED.match(text)
        or text.count("(") != text.count(")")
        or _has_a_heading(quote)
    ):
        return "not a whole sentence"
    tokens = tokens_of(text)
    if not SHORTEST <= len(tokens) <= LONGEST:
        return "too short or too long"
    if not _reads_as(tokens, language):
        return "another language"
    if text.count(",") > 2 or text.count("(") > 1:
        return "more than one statement"
    if _NOT_FLAT[language].search(text) or _reported(tokens, language):
        return "hedged, reported or judged"
    if _leans(text, tokens, language) or not _names_something(text, language, known):
        return "leans on its context"
    return None


def _has_a_heading(quote: str) -> bool:
    return any(len(line.strip()) < _HEADING_LINE for line in quote.split("\n")[:-1])


def _reads_as(tokens: list[str], language: str) -> bool:
    """Whether its small words are of the language the document is in: a quoted line may be of another."""
    said = {name: sum(token.lower() in FUNCTION_WORDS[name] for token in tokens) for name in LANGUAGES}
    return said[language] > 0 and said[language] == max(said.values())


def _reported(tokens: list[str], language: str) -> bool:
    return any(token.lower() in ATTRIBUTIONS[language] for token in tokens)


def _leans(text: str, tokens: list[str], language: str) -> bool:
    """Whether it takes the sentence before, or the day it was written, to know what is meant."""
    if _LEANS_AT_START[language].match(text) or _LEANS[language].search(text):
        return True
    owner = _OWNERS[language].search(text)
    return owner is not None and len(tokens_of(text[: owner.start()])) < _OWNER_NOT_BEFORE


_OPENS_DEFINITE = {"en": frozenset({"the"}), "de": frozenset({"der", "die", "das"})}
_VERB = {
    "en": re.compile(
        r"\b(?:is|are|was|were|has|have|had|[a-z]{2,}ed|went|took|came|led|lost|won|met|held|stood|[a-z]{3,}s)\b"
    ),
    "de": re.compile(
        r"\b(?:ist|sind|war|waren|wurden?|hat|haben|hatten?|liegt|steht|betrug|lag|ging|kam|stand|fand|trat|gab|nahm|zog|fiel|stieg|sank|begann|[a-zäöüß]{3,}(?:te|ten|t))\b"
    ),
}
_CALENDAR = word_set(
    "january february march april may june july august september october november december "
    "januar februar märz mai juni "
    "juli oktober dezember"
)


@dataclass(frozen=True)
class _Known:
    """Words that the references show to be names: German as written, English folded."""

    german: frozenset[str]
    english: frozenset[str]


def _names_something(text: str, language: str, known: _Known) -> bool:
    """Whether a sentence says whom it is about: it has a name, and before its verb where it opens with "the"."""
    definite = text.split(maxsplit=1)[0].lower() in _OPENS_DEFINITE[language]
    if language == "de":  # where every noun has a capital, what only looks like a name will not do
        found = _german_name_places(text, known.german, definite=definite)
    else:
        found = [n.start for n in names(text, language, known=known.english) if n.text.lower() not in _CALENDAR]
    if not definite:
        return bool(found)
    verb = _VERB[language].search(text)
    return any(start < (verb.start() if verb else len(text)) for start in found)


def _german_name_places(text: str, german_names: frozenset[str], *, definite: bool) -> list[int]:
    """Where names stand; the noun right after "Die" alone is none: "Die Genossenschaft", but "Die Nordwind GmbH"."""
    tokens = list(_TOKEN.finditer(text))[1 if definite else 0 :]
    noun = next((token.start() for token in tokens if token[0][0].isupper()), None) if definite else None
    single = [t.start() for t in tokens if _is_german_name(t[0], german_names) and t.start() != noun]
    odd = [t.start() for t in tokens if _is_odd(t[0])]
    return [*single, *odd, *_runs(text)]


def _is_german_name(word: str, german_names: frozenset[str]) -> bool:
    return word in german_names and word.lower() not in _CALENDAR


def _is_odd(word: str) -> bool:
    """Written as no German noun is: in capitals, with one inside, or with a number."""
    return (len(word) > 1 and word.isupper()) or _ODD_CAPITALS.search(word) is not None


def _english_names(passages: Sequence[Passage]) -> frozenset[str]:
    """The words that have a capital within a sentence or in a title: one that opens a sentence may be a name then."""
    found: set[str] = set()
    for passage in passages:
        if passage.language == "en":
            found.update(word for before, word, _ in _neighbours(passage.text) if before)
            found.update(word for word in _TOKEN.findall(passage.title) if word[0].isupper())
    return frozenset(fold(word) for word in found if word.lower() not in FUNCTION_WORDS["en"])


_ODD_CAPITALS = re.compile(r"[a-zäöüß][A-ZÄÖÜ]|\w-\d")
_MARKED = re.compile(
    r"(?i)^(?:de[rmns]|die|das|eine?[rmns]?|kein\w*|[iv]m|am|zum|zur|beim|ins|aufs|diese\w?|jede\w?|alle\w?|viele\w?|"
    r"mehr|weniger|seine?\w?|ihre?\w?|unsere?\w?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|[\d.,]+|"
    r"(?!ohne$|sowie$|wurden?$|werden$|waren$|haben$|habe$|neben$|seiten$|"
    r"gegen$)(?!\w*te[n]?$)[a-zäöüß]{3,}e[nrsm]?)$"
)
_BARE = word_set("in von nach aus bei für mit durch gegen zwischen über und nahe um an")
_NO_NAMES = word_set(
    "Betrieb Höhe Bezug Kraft Frage Folge Rahmen Form Zeit Ende Anfang Grund Hinsicht Aussicht Verbindung Verfügung "
    "Kosten Euro Cent Prozent Millionen Milliarden Million Milliarde Mitte Wasser Strom Anspruch Anbetracht "
    "Hilfe Weise "
    "Gang Stunden Jahren Tagen Monaten Wochen Minuten Kinder Menschen Hause Haus Fuß Rad Bord Ruhe Arbeit Daten "
    "Liter "
    "Meter Metern Kilometer Kilometern Tonnen Grad Teil Teilen Bau Auftrag Einsatz Mitglieder Jahr Jahre"
)
_SEEN_AS_NAME = 3  # a preposition before it counts two, opening a sentence one


def _runs(text: str) -> Iterator[int]:
    """Where two or more capitalised words stand together, as in "Talsperre Keßling", not after a number."""
    tokens = list(_TOKEN.finditer(text))
    for place, (first, second) in enumerate(pairwise(tokens)):
        together = text[first.end() : second.start()] == " " and first[0][0].isupper() and second[0][0].isupper()
        before = tokens[place - 1][0] if place else ""
        if (
            not together
            or {first[0], second[0]} & _NO_NAMES
            or {first[0].lower(), second[0].lower()} & _CALENDAR
            or first[0].lower() in FUNCTION_WORDS["de"]
        ):
            continue
        if place == 0 and (re.search(r"e[nrsm]?$", first[0]) or _MARKED.match(first[0])):
            continue
        if before[:1].isdigit() or (before and before[0].islower() and _ADJECTIVE_END.search(before)):
            continue
        yield first.start()


_ADJECTIVE_END = re.compile(r"^(?!de[rmns]$|eine[rmns]?$|[a-zäöüß]*te[n]?$)[a-zäöüß]{3,}e[nrsm]$")


def _german_names(passages: Sequence[Passage]) -> frozenset[str]:
    """The words of the German passages that are mostly written as names are: without article, number or adjective."""
    bare: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for passage in passages:
        if passage.language != "de":
            continue
        for before, word, after in _neighbours(passage.text):
            if before in _BARE:
                bare[word] += 2
            elif not before and after[:1].islower():
                bare[word] += 1
            elif _MARKED.match(before):
                marked[word] += 1
    places = {name for names_of_kind in PLACES["de"].values() for name in names_of_kind}
    seen = {word for word, count in bare.items() if count >= _SEEN_AS_NAME and count > 2 * marked[word]}
    return frozenset((seen - _NO_NAMES) | places)


def _neighbours(text: str) -> Iterator[tuple[str, str, str]]:
    """Each capitalised word with the word before it, none where it opens a sentence, and the word after."""
    tokens = list(_TOKEN.finditer(text))
    for place, token in enumerate(tokens):
        if not token[0][0].isupper():
            continue
        opens = place == 0 or text[tokens[place - 1].end() : token.start()].strip() != ""
        before = "" if opens else tokens[place - 1][0]
        yield before, token[0], tokens[place + 1][0] if place + 1 < len(tokens) else ""
