"""Names of people, places and organisations by their spelling: capitals, initials, connecting particles."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from factcheck.language.cues import FUNCTION_WORDS, word_set
from factcheck.language.words import Word, fold, words

_PARTICLES = word_set("of the de del della di da du la le van von der den zu bin al el ibn und and")
_GERMAN_NOUN = re.compile(
    r"(?:ung|ungen|heit|heiten|keit|keiten|schaft|schaften|tion|tionen|tät|täten|ismus|nis|nisse|tum|ment|mente|"
    r"ling|linge|enz|anz|ik|ur|eur|eure|erin|innen|in|er|ern|ten|chen|lein|sal|zeug|werk|stoff|jahr|tag)s?$"
)
_GERMAN_BEFORE_NOUN = word_set(
    "der die das den dem des ein eine einer eines einem einen kein keine keiner keines keinem keinen im "
    "am zum zur vom beim ins ans aufs ihr ihre ihrer ihrem ihren ihres sein seine seiner seinem seinen "
    "seines dieser diese dieses diesem diesen jeder jede jedes alle aller allen viele vielen einige "
    "einigen mehr weniger unser unsere"
)


_TITLES = word_set(
    "minister ministerin president präsident präsidentin präsidenten chancellor kanzler kanzlerin "
    "bundeskanzler bundeskanzlerin mr mrs ms dr prof professor professorin herr frau sir lord lady king "
    "queen könig königin prince prinz princess pope papst senator senatorin governor mayor bürgermeister "
    "bürgermeisterin general judge justice saint st secretary außenminister außenministerin "
    "innenminister finanzminister verteidigungsminister ceo chef us-präsident sprecher sprecherin "
    "director captain colonel"
)
#: German verbs that open a question or a condition, where a name may follow at once: "Will Trump verhandeln, …".
_GERMAN_OPENING_VERBS = word_set(
    "will wollen soll sollte sollten sollen kann können könnte darf dürfte muss müsste mag möchte wird werden würde "
    "hat hatte hätte haben ist war wäre sind waren wurde wurden"
)


@dataclass(frozen=True)
class Name:
    """A name as written, with the folded words it is made of (particles left out)."""

    text: str
    parts: tuple[str, ...]
    start: int
    end: int

    def is_like(self, other: Name) -> bool:
        """Whether both can be the same bearer: one's words are all in the other, spelling variants allowed."""
        if _initials(self) == fold(other.text) or _initials(other) == fold(self.text):
            return True
        small, large = sorted((self.parts, other.parts), key=len)
        return bool(small) and all(any(alike(a, b) for b in large) for a in small)


def _initials(name: Name) -> str:
    return "".join(part[0] for part in name.parts) if len(name.parts) > 1 else ""


@lru_cache(maxsize=50_000)
def alike(left: str, right: str) -> bool:
    """Whether two folded name words are spellings of one: equal, inflected, or a transliteration apart."""
    if left == right:
        return True
    if left.rstrip("s") == right.rstrip("s"):
        return True
    return len(left) >= 4 and len(right) >= 4 and _sound(left) == _sound(right)


_SOUNDS = (
    ("tsch", "c"), ("sch", "s"), ("tch", "c"), ("sh", "s"), ("ch", "c"), ("zh", "z"), ("kh", "h"), ("ph", "f"),
    ("th", "t"), ("ck", "k"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("ij", "i"), ("iy", "i"), ("yi", "i"),
    ("ii", "i"), ("yy", "i"), ("y", "i"), ("j", "i"), ("w", "v"), ("ff", "v"), ("q", "k"), ("x", "ks"), ("tz", "z"),
    ("ts", "z"), ("ie", "i"), ("ee", "i"), ("ou", "u"),
)  # fmt: skip


def _sound(word: str) -> str:
    """A rough key that transliterations share: Lawrow and Lavrov, Selenskyj and Zelensky, Wladimir and Vladimir."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    word = re.sub(r"(.)\1+", r"\1", word)
    word = re.sub(r"[sz]", "s", word)
    word = re.sub(r"(?:ov|of|ow)$", "ov", word)
    return re.sub(r"i+$", "i", word)


def names(text: str, language: str, *, known: frozenset[str] = frozenset()) -> tuple[Name, ...]:
    """The names in ``text`` in order. ``known`` are folded words seen as names elsewhere: they settle doubtful cases.

    In German, where every noun is capitalised, only acronyms, runs of capitalised words and capitalised words that
    nothing marks as a noun count: this errs towards missing a name.
    """
    found: list[Name] = []
    run: list[Word] = []
    tokens = words(text, language)
    for index, word in enumerate(tokens):
        joined = bool(run) and text[run[-1].end : word.start] in (" ", "-", ". ", "\u00a0")
        if run and not joined:
            _close(run, found, text, language, tokens, known)
            run = []
        if word.capitalised and not word.numeric:
            run.append(word)
        elif not (run and joined and word.lower in _PARTICLES and _next_is_name(tokens, index)):
            _close(run, found, text, language, tokens, known)
            run = []
        else:
            run.append(word)
    _close(run, found, text, language, tokens, known)
    return tuple(found)


def _next_is_name(tokens: tuple[Word, ...], index: int) -> bool:
    following = tokens[index + 1 : index + 2]
    return bool(following) and following[0].capitalised and tokens[index].lower not in ("and", "und")


def _close(
    run: list[Word], found: list[Name], text: str, language: str, tokens: tuple[Word, ...], known: frozenset[str]
) -> None:
    empty = FUNCTION_WORDS.get(language, frozenset())
    while run and (run[0].lower in empty or run[0].lower in _PARTICLES or (len(run) > 1 and run[0].lower in _TITLES)):
        run = run[1:]
    if language == "de" and len(run) > 1 and run[0].lower in _GERMAN_OPENING_VERBS and _opens_sentence(run[0], text):
        run = run[1:]
    while run and run[-1].lower in _PARTICLES:
        run = run[:-1]
    if not run or not (_is_name(run, language, text, tokens) or any(fold(word.text) in known for word in run)):
        return
    parts = tuple(fold(re.sub(r"['’]s?$", "", word.text)).replace(".", "") for word in run if word.capitalised)
    found.append(Name(text[run[0].start : run[-1].end], parts, run[0].start, run[-1].end))


def _is_name(run: list[Word], language: str, text: str, tokens: tuple[Word, ...]) -> bool:
    if any(word.text.isupper() and len(word.text) >= 2 for word in run):
        return True
    opening = _opens_sentence(run[0], text)
    if language != "de":
        return not opening or len(run) >= 2 or _known_elsewhere(run[0], text, tokens)
    if len(run) >= 2:
        return not all(_GERMAN_NOUN.search(word.text.lower()) for word in run)
    word = run[0]
    if opening:
        return _bare_subject(word, tokens)
    before = tokens[tokens.index(word) - 1].lower if tokens.index(word) else ""
    marked = before in _GERMAN_BEFORE_NOUN or (bool(re.search(r"e[nrsm]?$", before)) and len(before) > 3)
    return not marked and not _GERMAN_NOUN.search(word.text.lower())


def _bare_subject(word: Word, tokens: tuple[Word, ...]) -> bool:
    """Whether a German sentence opens with a name: a noun there would have an article, a verb or adverb its ending."""
    following = next((other for other in tokens if other.start > word.start), None)
    if following is None or following.capitalised or following.numeric:
        return False
    lower = word.text.lower()
    return (not _GERMAN_NOUN.search(lower) and not re.search(r"(?:en|t|lich|ig|isch|weise|mal|s|e|er)$", lower)) or (
        lower.endswith(("land", "land", "us", "is", "as", "os")) or lower in _NAMES_LIKE_WORDS
    )


_NAMES_LIKE_WORDS = word_set(
    "kroatien schweden norwegen spanien italien polen rumänien bulgarien serbien slowenien belgien "
    "ungarn china ägypten türkei schweiz frankreich österreich großbritannien albanien bosnien brasilien "
    "indien japan israel indonesien jordanien syrien kanada mexiko australien tschechien slowakei bayern "
    "sachsen hessen thüringen brandenburg niedersachsen berlin hamburg münchen köln wien zürich bern "
    "dresden leipzig frankfurt stuttgart putin trump merkel scholz merz macron biden selenskyj google "
    "apple amazon microsoft siemens bayer"
)


_LOOK_BACK = 100  # characters before a word: looking at all of them takes seconds in a long text


def _opens_sentence(word: Word, text: str) -> bool:
    before = text[max(0, word.start - _LOOK_BACK) : word.start]
    return not before.strip(" \t\n\"'“”„‚‘’»«()*_#>-–") or bool(re.search(r"[.!?:…][\"'“”»«)]*\s*[\"'„“»«(]*$", before))


def _known_elsewhere(word: Word, text: str, tokens: tuple[Word, ...]) -> bool:
    """Whether the sentence-opening word is capitalised in mid-sentence too."""
    return any(
        other.text == word.text and other.start != word.start and not _opens_sentence(other, text) for other in tokens
    )
