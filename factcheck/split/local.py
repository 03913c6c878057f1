"""The splitter without a language model: rules for what is surely no statement, the detector for the rest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from factcheck.language import statements
from factcheck.language.cues import FUNCTION_WORDS
from factcheck.language.dates import PartialDate, dates
from factcheck.language.names import Name, alike, names
from factcheck.language.numbers import Quantity, quantities
from factcheck.language.statements import FURNITURE
from factcheck.language.when import is_relative, resolved
from factcheck.language.words import Word, content, fold, words
from factcheck.local.detector import Detector, Kind, embedded
from factcheck.models import (
    WITHOUT_PROSE,
    Block,
    Checkworthiness,
    Claim,
    Document,
    Exclusion,
    ExclusionReason,
    Notice,
    Sentence,
    Span,
)
from factcheck.protocols import Split

_BATCH = 64  # sentences in one part: the loop gets a turn, a reader sees progress
_MARKUP = re.compile(
    r"^(?:#{1,6}\s+|>\s*|[-*+•·]\s+|\d{1,2}[.)]\s+(?=[A-ZÄÖÜ])|\|\s*)+|[*_]{2,}|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`"
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)|\[\^?\w{1,4}\]")
_END = re.compile(r"[.!…:;][\"'”“»«’)\]]*$")
_HEADLINE_MARK = re.compile(r"\s[|»›]\s")

_Surely = Literal["furniture", "no_claim", "question"]  # what needs no model to be told apart


@dataclass(frozen=True)
class _Context:
    """What the sentences before have settled: who the paragraph speaks of, if that is beyond doubt."""

    subject: str | None


@dataclass(frozen=True)
class _Read:
    """A sentence with its words without markup; ``fresh`` where it opens a paragraph, ``reason`` where rules know why
    it claims nothing."""

    sentence: Sentence
    plain: str
    fresh: bool
    reason: _Surely | None


class LocalSplitter:
    """Splits by rule and by the embedded detector. ``as_of`` is the day the text was written, None where unknown."""

    def __init__(self, *, as_of: date | None = None, detector: Detector | None = None) -> None:
        self.as_of = as_of
        self._detector = detector

    async def split(self, document: Document, sentences: Sequence[Sentence]) -> AsyncIterator[Split]:
        """Yields claims and exclusions in the order of the text; every sentence ends in exactly one of them."""
        rules = _Rules(document, self.as_of)
        unresolved = False
        for start in range(0, len(sentences), _BATCH):
            batch = [rules.read(sentence) for sentence in sentences[start : start + _BATCH]]
            open_ones = [read.plain for read in batch if read.reason is None]
            kinds = iter(await asyncio.to_thread(self._kinds, open_ones, document.language))
            claims: list[Claim] = []
            exclusions: list[Exclusion] = []
            for read in batch:
                found = rules.settle(read, next(kinds) if read.reason is None else read.reason)
                if isinstance(found, Exclusion):
                    exclusions.append(found)
                else:
                    claims.extend(found)
            warnings: tuple[Notice, ...] = ()
            if self.as_of is None and not unresolved:
                relative = [claim for claim in claims if is_relative(claim.text, document.language)]
                unresolved = bool(relative)
                warnings = tuple(_date_unknown(claim) for claim in relative[:1])
            yield Split(claims=tuple(claims), exclusions=tuple(exclusions), warnings=warnings)

    def _kinds(self, texts: list[str], language: str) -> list[Kind]:
        """What the sentences are; in a language the detector does not know, a sentence with a verb is a claim."""
        if not statements.known(language):
            return ["claims" if _has_verb(text, words(text, language), language) else "no_claim" for text in texts]
        return (self._detector or embedded()).kinds(texts, language)


def _date_unknown(claim: Claim) -> Notice:
    return Notice(
        code="date_unknown",
        message=f"relative times such as in {claim.text!r} are left as written: the day of writing is unknown",
    )


class _Rules:
    """The rules at work on one document, sentence after sentence."""

    def __init__(self, document: Document, as_of: date | None) -> None:
        self.document = document
        self.language = document.language
        self.as_of = as_of
        self.blocks = iter(document.blocks)
        self.block: Block | None = next(self.blocks, None)
        self.context = _Context(None)
        self.end = 0  # of the sentence before
        self.known = _names_seen(document)

    def read(self, sentence: Sentence) -> _Read:
        """The sentence as the rules see it; sentences are read in the order of the text."""
        plain = _plain(sentence.span.of(self.document.text))
        block = self._block_at(sentence.span.start)
        fresh = self._opens_paragraph(sentence, block)
        self.end = sentence.span.end
        return _Read(sentence, plain, fresh, self._no_statement(plain, block))

    def settle(self, read: _Read, kind: Kind) -> tuple[Claim, ...] | Exclusion:
        """The claims of a sentence of that kind, or why it has none; sentences are settled in the order of the text."""
        if read.fresh:
            self.context = _Context(None)
        reason: ExclusionReason = "ambiguous" if kind == "claims" else kind
        if kind == "claims" and (parts := self._stand_alone(read.sentence)):
            self._remember(parts[-1][0])
            return tuple(self._claim(read.sentence, number, *part) for number, part in enumerate(parts, 1))
        self._remember(read.plain)
        return Exclusion(sentence=read.sentence.id, reason=reason)

    def _block_at(self, position: int) -> Block | None:
        while self.block is not None and self.block.span.end <= position:
            self.block = next(self.blocks, None)
        return self.block if self.block is not None and self.block.span.start <= position else None

    def _opens_paragraph(self, sentence: Sentence, block: Block | None) -> bool:
        between = self.document.text[self.end : sentence.span.start]
        return self.end == 0 or between.count("\n") > 1 or (block is not None and block.span.start >= self.end)

    def _no_statement(self, plain: str, block: Block | None) -> _Surely | None:
        """Furniture, headings and questions, where rules can tell; None for all other sentences."""
        if block is not None and block.kind in WITHOUT_PROSE:
            return "furniture"
        if FURNITURE.match(plain) or _only_a_date(plain, self.language):
            return "furniture"
        if block is not None and block.kind == "heading":
            return "no_claim"
        if _HEADLINE_MARK.search(plain) and len(plain) < 120 and (block is None or block.kind != "table"):
            return "furniture"
        return "question" if plain.rstrip("\"'”“»«’)] ").endswith("?") else None

    def _names(self, text: str) -> tuple[Name, ...]:
        dated = [(item.start, item.end) for item in dates(text, self.language)]
        found = names(text, self.language, known=self.known)
        return tuple(name for name in found if not any(start <= name.start < end for start, end in dated))

    def _stand_alone(self, sentence: Sentence) -> list[tuple[str, Span]]:
        """The sentence's statements with the stretch each comes from, understandable alone; none if that fails."""
        found = []
        for stretch in _statements(sentence.span, self.document.text, self.language):
            text = self._independent(_plain(stretch.of(self.document.text)))
            if text is not None:
                found.append((text, stretch))
        return found

    def _independent(self, text: str) -> str | None:
        """``text`` without its opener, pronouns named, relative times written out; None if it leans on others."""
        if not statements.known(self.language):
            return text
        text = statements.OPENERS[self.language].sub("", text)
        text = statements.FILLERS[self.language].sub("", text)
        text = text[:1].upper() + text[1:]
        named = self._named(text)
        if named is None:
            return None
        text = _ended(named)
        return resolved(text, self.language, self.as_of) if self.as_of is not None else text

    def _named(self, text: str) -> str | None:
        """``text`` with the pronoun it opens with replaced; None where nobody can say what it stands for."""
        possessive = statements.PRONOUN_POSSESSIVE[self.language].match(text)
        if possessive is not None:
            return self._possessed(text, possessive)
        subject = statements.PRONOUN_SUBJECT[self.language].match(text)
        if subject is not None and not statements.EXPLETIVE[self.language].match(text):
            if self.context.subject is None or subject["pronoun"].lower() in ("it", "they"):
                return None
            return text[: subject.start("pronoun")] + self.context.subject + text[subject.end("pronoun") :]
        if statements.ANAPHORA[self.language].match(text) and not statements.EXPLETIVE[self.language].match(text):
            return None
        return text

    def _possessed(self, text: str, match: re.Match[str]) -> str | None:
        """ "Its rover Pragyan" is "The rover Pragyan"; "his promise" is "Trump's promise" where Trump is meant."""
        rest = text[match.end() :]
        if self.language == "en" and re.match(r" [a-z]+ [A-Z]\w+", rest) is not None:
            return f"{text[: match.start('pronoun')]}The{rest}"
        if (
            self.language == "de"
            and re.match(r" [A-ZÄÖÜ]\w+, (?:das|der|die) [A-ZÄÖÜ\d][\w-]*(?: [A-ZÄÖÜ\d][\w-]*)*, ", rest) is not None
        ):
            return text  # "Sein Vorgänger, das 9-Euro-Ticket, …": the apposition names it
        owner = self.context.subject
        if owner is None:
            return None
        genitive = f"{owner}'s" if self.language == "en" else f"{owner}’" if owner[-1] in "sxzß" else f"{owner}s"
        return text[: match.start("pronoun")] + genitive + rest

    def _remember(self, text: str) -> None:
        """The subject of the paragraph: the one name a sentence opens with, kept while only pronouns follow."""
        main = _main_clause(text)
        found = self._names(main)
        opening = next((name for name in found if name.start == _opener_end(main)), None)
        if opening is not None:
            rivals = [n for n in found if not n.is_like(opening) and not _PLACED.search(main[: n.start])]
            self.context = _Context(None if rivals else opening.text)
        elif self.context.subject is not None:
            subject = [fold(word) for word in self.context.subject.split()]
            if any(not any(alike(part, word) for part in name.parts for word in subject) for name in found):
                self.context = _Context(None)

    def _claim(self, sentence: Sentence, number: int, text: str, span: Span) -> Claim:
        return Claim(
            id=f"{sentence.id}.{number}",
            text=text,
            span=span,
            sentences=(sentence.id,),
            checkworthiness=self._worth(text),
            queries=self._queries(text),
        )

    def _worth(self, text: str) -> Checkworthiness:
        counted = bool(quantities(text, self.language) or dates(text, self.language))
        named = bool(self._names(text))
        if counted and named:
            return "high"
        return "medium" if counted or named else "low"

    def _nouns(self, text: str) -> list[tuple[int, str]]:
        """Names and the word the sentence opens with; in German every noun, as spelling cannot tell them from names."""
        telling = [word for word in content(words(text, self.language), self.language) if len(word.text) > 1]
        if self.language == "de":
            return [(word.start, word.text) for word in telling if word.capitalised]
        found = [(name.start, name.text) for name in self._names(text)]
        opening = [(word.start, word.text) for word in telling[:1] if word.start == 0]
        return found if any(at == 0 for at, _ in found) else opening + found

    def _queries(self, text: str) -> tuple[str, ...]:
        """Names with numbers and dates, which are the same in every language; numbers alone would find anything."""
        marked: list[Quantity | PartialDate] = [*quantities(text, self.language), *dates(text, self.language)]
        nouns = [(at, said) for at, said in self._nouns(text) if not any(m.start <= at < m.end for m in marked)]
        if not nouns:
            return ()
        return (" ".join(dict.fromkeys(said for _, said in sorted([*nouns, *((m.start, m.text) for m in marked)]))),)


def _plain(raw: str) -> str:
    """The words of a sentence without Markdown and line breaks."""
    return " ".join(_MARKUP.sub("", _LINK.sub(r"\1", raw)).split())


def _ended(text: str) -> str:
    text = text.rstrip(" ,;:–—-")
    return text if re.search(r"[.!?…][\"'”“»«’)\]]*$", text) else f"{text}."


def _only_a_date(plain: str, language: str) -> bool:
    found = dates(plain, language)
    if not found:
        return not any(char.isalpha() for char in plain)
    left = plain
    for item in reversed(found):
        left = left[: item.start] + left[item.end :]
    return len(re.findall(r"[^\W\d_]{2,}", left)) <= 1 and len(plain) < 40


_VERB_ENDINGS = {
    "de": r"(?:t|te|ten|tet|[^aeiou]en|ab|ag|am|ang|ieß|ief|ieg|ing|ied|ieb|of|og|oss|uf|ug|ahm|at|iel)$",
    "en": r"(?:ed|s|ew|ose|ought|ell|et|ut|an|ame|ook|ave|ote|old|eft|ead|it|on|ent)$",
}


def _has_verb(plain: str, tokens: tuple[Word, ...], language: str) -> bool:
    """Whether this can be a sentence: it has a finite verb, as far as spelling tells."""
    if len(tokens) < 3:
        return False
    ended = _END.search(plain) is not None
    if not statements.known(language):
        return ended or len(tokens) >= 8
    lower = [word.lower for word in tokens]
    if any(word in statements.AUXILIARIES[language] for word in lower):
        return True
    empty = FUNCTION_WORDS[language]
    endings = _VERB_ENDINGS[language]
    verbal = [
        word for word in tokens if word.text.islower() and word.lower not in empty and re.search(endings, word.lower)
    ]
    return bool(verbal) and (ended or len(tokens) >= 8)


_TAIL = {
    "en": re.compile(r", (?:and|but) (?=(?:it|they|he|she|that|this|nobody|everyone)\b)"),
    "de": re.compile(r", und (?=(?:er|sie|es|das|niemand|alle)\b)"),
}
_SUPPOSED = re.compile(r"\s[–—]\s(?=was, sollte\b)")
_JOINT = {
    "en": re.compile(
        
            r", and (?=(?:the )?[A-Z][\w.-]*(?: [A-Z][\w.-]*){0,3} (?:is|are|was|were|has|had|became"
            r"|[a-z]+ed|took|won|fell|rose|left|made|went|came|lost)\b)"
    ),
    "de": re.compile(
        
            r", und (?=(?:(?:der|die|das) )?[A-ZÄÖÜ][\w-]*(?: [A-ZÄÖÜ][\w-]*){0,3} (?:ist|sind|war|waren"
            r"|hat|haben|wurde|wurden|[a-zäöü]+t(?:e|en)?|trat|nahm|gab|kam|ging|stieg|sank|fiel) )"
    ),
}  # fmt: skip


def _statements(span: Span, text: str, language: str) -> list[Span]:
    """The sentence, or its two halves where each has a subject and a verb; an idle tail is left out."""
    raw = span.of(text)
    tail = _TAIL[language].search(raw) if language in _TAIL else None
    if tail is not None and not _telling(raw[tail.end() :], language):
        raw = raw[: tail.start()]
    if language == "de":
        raw = _SUPPOSED.split(raw, maxsplit=1)[0]
    joint = _JOINT[language].search(raw) if language in _JOINT else None
    head = raw[: joint.start()] if joint is not None else raw
    if joint is None or not _has_verb(f"{head}.", words(head, language), language):
        return [Span(start=span.start, end=span.start + len(raw))]
    return [
        Span(start=span.start, end=span.start + joint.start()),
        Span(start=span.start + joint.end(), end=span.start + len(raw)),
    ]


def _telling(text: str, language: str) -> bool:
    return bool(quantities(text, language) or dates(text, language) or names(text, language))


def _main_clause(text: str) -> str:
    return re.split(r"[,;:]|\s[–—]\s", text, maxsplit=1)[0]


def _opener_end(text: str) -> int:
    match = re.match(r"(?:Ja, |Und |But |And )", text)
    return match.end() if match is not None else 0


_PLACED = re.compile(r"\b(?:in|at|from|near|of|on|to|im|aus|nach|bei|am) (?:the |der |dem |den )?$")


def _names_seen(document: Document) -> frozenset[str]:
    """Folded words that are names somewhere in the document, so that a sentence may open with them."""
    if document.language == "de":  # where nouns are capitalised too, capitals elsewhere prove nothing
        return frozenset()
    text = document.text[:200_000]
    return frozenset(part for name in names(text, document.language) for part in name.parts)
