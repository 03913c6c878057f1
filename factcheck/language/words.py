"""Words as the rules compare them: tokens with their place in the text, and stems that inflection does not part."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from factcheck.language.cues import FUNCTION_WORDS
from factcheck.once import kept

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’](?:s)?$")

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch",
    "no": "norwegian", "nb": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "tr": "turkish",
}  # fmt: skip

# Strong verbs (and a few nouns) whose forms share no stem: the first word of each line stands for the rest.
_IRREGULAR = {
    "en": """
        rise rose risen rising; fall fell fallen; grow grew grown; go went gone; come came; become became;
        begin began begun; write wrote written; win won winning; lose lost; leave left; lead led; meet met;
        make made; say said; see saw seen; take took taken; give gave given; get got gotten; find found;
        hold held; keep kept; know knew known; run ran; sell sold; send sent; sing sang sung;
        speak spoke spoken; spend spent; stand stood; steal stole stolen; teach taught; tell told;
        think thought; wear wore worn; buy bought; bring brought; build built; catch caught;
        choose chose chosen; draw drew drawn; drink drank drunk; drive drove driven; eat ate eaten; feel felt;
        fight fought; fly flew flown; break broke broken; bear born borne; shoot shot; show shown;
        sink sank sunk; swim swam swum; throw threw thrown; beat beaten; hear heard; understand understood;
        child children; man men; woman women; wife wives; life lives; bind bound; bite bit bitten;
        blow blew blown; deal dealt; dig dug; freeze froze frozen; hide hid hidden; lay laid; lie lay lain;
        mean meant; pay paid; ride rode ridden; shake shook shaken; sit sat; sleep slept; strike struck;
        swear swore sworn; tear tore torn; wake woke woken; die died dying dead death; foot feet; tooth teeth;
        mouse mice
    """,
    "de": """
        steigen stieg stiegen gestiegen; sinken sank sanken gesunken; fallen fiel fielen gefallen fällt;
        gehen ging gingen gegangen; kommen kam kamen gekommen; treffen traf trafen getroffen trifft;
        geben gab gaben gegeben gibt; nehmen nahm nahmen genommen nimmt;
        sprechen sprach sprachen gesprochen spricht; schreiben schrieb schrieben geschrieben;
        beginnen begann begannen begonnen; gewinnen gewann gewannen gewonnen;
        verlieren verlor verloren verloren; schließen schloss schlossen geschlossen;
        stehen stand standen gestanden; liegen lag lagen gelegen; sehen sah sahen gesehen sieht;
        halten hielt hielten gehalten hält; lassen ließ ließen gelassen lässt;
        verlassen verließ verließen verlässt; laufen lief liefen gelaufen läuft;
        tragen trug trugen getragen trägt; wachsen wuchs wuchsen gewachsen wächst;
        bringen brachte brachten gebracht; denken dachte dachten gedacht; kennen kannte kannten gekannt;
        nennen nannte nannten genannt; finden fand fanden gefunden; bieten bot boten geboten;
        bleiben blieb blieben geblieben; brechen brach brachen gebrochen bricht; essen aß aßen gegessen;
        fahren fuhr fuhren gefahren fährt; fliegen flog flogen geflogen; helfen half halfen geholfen hilft;
        heißen hieß hießen; leiden litt litten gelitten; lesen las lasen gelesen liest;
        rufen rief riefen gerufen; schlagen schlug schlugen geschlagen schlägt; singen sang sangen gesungen;
        sterben starb starben gestorben stirbt; treten trat traten getreten tritt; tun tat taten getan;
        beitreten beitrat beigetreten beitritt; unterschreiben unterschrieb unterschrieben;
        werfen warf warfen geworfen wirft; ziehen zog zogen gezogen; verbieten verbot verboten;
        ablehnen abgelehnt; stattfinden stattfand stattgefunden; entstehen entstand entstanden;
        erhalten erhielt erhielten erhält; verschieben verschob verschoben; beschließen beschloss beschlossen;
        wissen wusste wussten gewusst weiß; annehmen annahm angenommen; zunehmen zunahm zugenommen;
        abnehmen abnahm abgenommen; erfinden erfand erfunden; erscheinen erschien erschienen;
        betragen betrug betrugen beträgt; besitzen besaß besaßen besessen; sitzen saß saßen gesessen;
        vorschlagen vorgeschlagen; stadt städte städten; land länder ländern; mann männer männern;
        haus häuser häusern; kind kinder kindern
    """,
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One token: ``text`` as written, ``key`` the stem it is compared by, and its place."""

    text: str
    key: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower().replace("’", "'")

    @property
    def capitalised(self) -> bool:
        return self.text[:1].isupper()

    @property
    def numeric(self) -> bool:
        return self.text[:1].isdigit()


@kept(2000, longest=1000)
def words(text: str, language: str) -> tuple[Word, ...]:
    """The words and numbers of ``text`` in order; a hyphen parts, an apostrophe does not."""
    return tuple(
        Word(match.group(), stem(match.group(), language), match.start(), match.end())
        for match in _TOKEN.finditer(text)
    )


def content(tokens: tuple[Word, ...], language: str) -> tuple[Word, ...]:
    """The words that say something: without articles, pronouns, auxiliaries and the like."""
    empty = FUNCTION_WORDS.get(language, frozenset())
    return tuple(word for word in tokens if word.lower not in empty)


@lru_cache(maxsize=4096)
def telling_stems(text: str, language: str) -> frozenset[str]:
    """The stems of the words of a text that say something."""
    return frozenset(word.key for word in content(words(text, language), language))


_STEMMING = Lock()  # a stemmer keeps the word it works on in itself: two threads at once get each other's stems


@lru_cache(maxsize=200_000)
def stem(word: str, language: str) -> str:
    """What the forms of a word have in common, without accents; a language without a stemmer keeps the word."""
    bare = _POSSESSIVE.sub("", word.lower().replace(".", "") if "." in word and not word[0].isdigit() else word.lower())
    bare = _irregular(language).get(bare, bare)
    stemmer = _stemmer(language)
    if stemmer is None:
        return fold(bare)
    with _STEMMING:
        return fold(stemmer.stemWord(bare))


def fold(word: str) -> str:
    """Lower case without accents: ``Penélope`` and ``penelope`` are one."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@lru_cache(maxsize=50_000)
def same_word(left: str, right: str, language: str) -> bool:
    """Whether stem ``right`` says what stem ``left`` says: the same, or in German its more exact compound."""
    if left == right:
        return True
    if language not in ("de", "nl") or len(left) < 5:
        return False
    return len(right) >= len(left) + 3 and right.endswith(left)


@lru_cache(maxsize=50_000)
def compound_of(whole: str, parts: frozenset[str], language: str) -> bool:
    """Whether a German compound is spelt out by two of ``parts``: Arbeitslosenquote by Quote and Arbeitslose."""
    if language not in ("de", "nl") or len(whole) < 9:
        return False
    for head in parts:
        if len(head) >= 4 and whole.endswith(head):
            front = whole[: -len(head)]
            if any(_is_front(front, part) for part in parts if part != head):
                return True
    return False


def _is_front(front: str, part: str) -> bool:
    return len(part) >= 4 and front.startswith(part) and front[len(part) :] in ("", "s", "n", "en", "es", "e", "er")


@cache
def _stemmer(language: str) -> Any:
    if language not in _STEMMERS:
        return None
    import snowballstemmer  # its 36 algorithms are loaded only where words are compared

    return snowballstemmer.stemmer(_STEMMERS[language])


@cache
def _irregular(language: str) -> dict[str, str]:
    groups = [group.split() for group in _IRREGULAR.get(language, "").split(";")]
    return {form: group[0] for group in groups for form in group[1:]}
