"""Reports made by hand: one holds every ending, reason, failure and warning; any text in it can be a hostile one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from factcheck.models import (
    Block,
    Citation,
    Claim,
    Document,
    Evidence,
    Exclusion,
    ExclusionReason,
    Failure,
    FailureCode,
    Label,
    Notice,
    Outcome,
    Page,
    Passage,
    Provenance,
    RejectedQuote,
    Report,
    Search,
    Sentence,
    Span,
    StageUsage,
    Stance,
    StoreFingerprint,
    UnverifiableReason,
    Usage,
    Verdict,
    WarningCode,
    account,
)
from factcheck.reviews import Review, Standing, standings

Spell = Callable[[str], str]  # turns each harmless text of the sample into the one a test wants


def _same(text: str) -> str:
    return text


def passage(text: str, source: str, *, start: int = 0, page: int | None = None) -> Passage:
    span = Span(start=start, end=start + len(text))
    pages = () if page is None else (Page(number=page, span=span),)
    return Passage(
        id=f"{source}:{start}",
        source=source,
        title="",
        language="en",
        published=None,
        text=text,
        span=span,
        pages=pages,
    )


def cited(found: Passage, quote: str, stance: Stance) -> Citation:
    start = found.span.start + found.text.index(quote)
    return Citation(
        passage=found.id,
        source=found.source,
        title=found.title,
        page=found.page_at(start),
        span=Span(start=start, end=start + len(quote)),
        quote=quote,
        stance=stance,
    )


def evidence(*passages: Passage) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(passage=p, score=1 / rank, ranks={"lexical": rank}) for rank, p in enumerate(passages, start=1)
    )


class _Text:
    """A document under construction: each sentence on a line of its own."""

    def __init__(self) -> None:
        self.text = ""
        self.sentences: list[Sentence] = []

    def add(self, sentence: str) -> Sentence:
        start = len(self.text)
        self.text += f"{sentence}\n"
        made = Sentence(id=f"s{len(self.sentences) + 1}", span=Span(start=start, end=start + len(sentence)))
        self.sentences.append(made)
        return made

    def claim(self, sentence: str, text: str | None = None) -> Claim:
        added = self.add(sentence)
        return Claim(
            id=f"{added.id}.1",
            text=text or sentence,
            span=added.span,
            sentences=(added.id,),
            checkworthiness="high",
            queries=(),
        )


def sample_report(spell: Spell = _same) -> Report:
    """Every label, reason, failure, exclusion and warning, each text passed through ``spell``."""
    text = _Text()
    outcomes = [
        _contradicted(text, spell),
        _supported(text, spell),
        *(_unverifiable(text, spell, reason) for reason in get_args(UnverifiableReason)),
        *(_failed(text, spell, code) for code in get_args(FailureCode)),
    ]
    exclusions = [
        Exclusion(sentence=text.add(spell(f"Left aside, number {n}.")).id, reason=reason)
        for n, reason in enumerate(get_args(ExclusionReason), start=1)
    ]
    lost = [text.add(spell("Nobody split this one.")), text.add(spell("Nor this one."))]
    failures = [
        Failure(
            stage="split",
            code="timeout",
            message=spell("no answer within 120 s"),
            sentences=tuple(sentence.id for sentence in lost),
        )
    ]
    warnings = [Notice(code=code, message=spell(f"message of {code}")) for code in get_args(WarningCode)]
    return report_of(text, outcomes, exclusions, failures, warnings, title=spell("The sky is not a budget line"))


def report_of(
    text: _Text,
    outcomes: list[Outcome],
    exclusions: list[Exclusion],
    failures: list[Failure],
    warnings: list[Notice],
    *,
    title: str,
) -> Report:
    document = Document(
        id="0123456789abcdef",
        source="article.md",
        title=title,
        language="en",
        published=date(2024, 10, 14),
        media_type="text/markdown",
        encoding="utf-8",
        text=text.text,
    )
    parts = tuple(text.sentences), tuple(outcomes), tuple(exclusions), tuple(failures)
    return Report(
        document=document,
        sentences=parts[0],
        outcomes=parts[1],
        exclusions=parts[2],
        failures=parts[3],
        warnings=tuple(warnings),
        totals=account(*parts),
        usage=Usage(
            stages={
                "split": StageUsage(calls=1, input_tokens=3100, output_tokens=900),
                "judge": StageUsage(calls=20, cached=4, input_tokens=28000, output_tokens=2900),
            },
            seconds=4.25,
            cost_usd=0.0123,
        ),
        provenance=Provenance(
            factcheck="0.1.0",
            engine="llm",
            engine_reason="a model is configured",
            model="small-model",
            parameters={"temperature": 0},
            prompts={"judge.system": "a" * 64},
            store=StoreFingerprint(
                location="store",
                digest="d" * 64,
                embedder="minilm",
                chunking="sentences-600",
                passages=24,
                files={"webb.md": "b" * 64},
            ),
            settings={"passages": 6},
            as_of=date(2024, 10, 14),
            as_of_source="text",
            document_sha256=hashlib.sha256(text.text.encode()).hexdigest(),
            created=datetime(2026, 11, 22, 9, 12, tzinfo=UTC),
        ),
    )


def small_report(spell: Spell = _same) -> Report:
    """One contradicted claim, one supported one, one opinion."""
    text = _Text()
    outcomes = [_contradicted(text, spell), _supported(text, spell)]
    opinion = Exclusion(sentence=text.add(spell("It was the best present of the decade.")).id, reason="opinion")
    return report_of(text, outcomes, [opinion], [], [], title=spell("The sky is not a budget line"))


def empty_report() -> Report:
    """A document in which there is nothing to check."""
    return report_of(_Text(), [], [], [], [], title="Nothing")


def _contradicted(text: _Text, spell: Spell) -> Outcome:
    quote = spell("Webb's first full-colour images were released on 12 July 2022")
    found = passage(spell("Before. ") + quote + spell(". After."), spell("references/webb.md"), start=600)
    return Outcome(
        claim=text.claim(
            spell("Its first images came in August 2022, at last."), spell("Webb's first images came in August 2022.")
        ),
        evidence=evidence(found),
        search=Search(queries=(spell("Webb first images"),)),
        verdict=Verdict(
            label="contradicted",
            reason=None,
            rationale=spell("The reference gives July 2022."),
            citations=(cited(found, quote, "contradicts"),),
            warnings=(Notice(code="date_differs", message=spell("claim: August 2022; quote: 12 July 2022")),),
        ),
        rejected=(
            RejectedQuote(quote=spell("Webb's images came in July."), stance="contradicts", reason="not_in_passages"),
            RejectedQuote(quote=spell("in July"), stance="contradicts", reason="too_short"),
        ),
    )


def _supported(text: _Text, spell: Spell) -> Outcome:
    quote = spell("India became the fourth country to land softly on the Moon")
    found = passage(quote, spell("references/chandrayaan-3.pdf"), start=300, page=2)
    return Outcome(
        claim=text.claim(spell("India was the fourth country to land softly on the Moon.")),
        evidence=evidence(found),
        search=Search(queries=(spell("India Moon landing"),)),
        verdict=Verdict(
            label="supported",
            reason=None,
            rationale=spell("The reference says so."),
            citations=(cited(found, quote, "supports"),),
        ),
    )


def _unverifiable(text: _Text, spell: Spell, reason: UnverifiableReason) -> Outcome:
    one = passage(spell("Orion splashed down on 11 December 2022"), spell("references/artemis.html"))
    other = passage(spell("Orion splashed down on 12 December 2022"), spell("references/newsletter.txt"))
    wider = passage(spell("Orion is built for four."), spell("references/press-kit.html"))
    conflict = reason == "conflicting_sources"
    nothing = reason == "no_passage_retrieved"
    return Outcome(
        claim=text.claim(spell(f"Orion came back, whatever {reason} says.")),
        evidence=() if nothing else evidence(one, other),
        search=Search(
            queries=(spell("Orion splashdown"), spell("Orion December 2022")),
            nearest=None if nothing else one,
            looked_wider=reason != "ambiguous_claim",
            wider=() if nothing or reason == "ambiguous_claim" else evidence(wider),
            absent=(spell("splashed"), spell("2022")) if nothing else (),
        ),
        verdict=Verdict(
            label="unverifiable",
            reason=reason,
            rationale=spell(f"Rationale for {reason}."),
            citations=(cited(one, one.text, "supports"), cited(other, other.text, "contradicts")) if conflict else (),
            warnings=(Notice(code="sources_conflict", message=spell("two sources, two days")),) if conflict else (),
        ),
    )


def _failed(text: _Text, spell: Spell, code: FailureCode) -> Outcome:
    stage = "retrieve" if code.startswith("store_") else "judge"
    failure = Failure.model_validate({"stage": stage, "code": code, "message": spell(f"message of {code}")})
    return Outcome(claim=text.claim(spell(f"This claim met {code}.")), failure=failure)


class _Page:
    """A document under construction as it comes from a reader: blocks with a blank line between them.

    Each text given to ``block`` is a sentence; ``claim`` anchors a claim to one of them, or to several.
    """

    def __init__(self, spell: Spell) -> None:
        self.spell = spell
        self.text = ""
        self.blocks: list[Block] = []
        self.sentences: list[Sentence] = []

    def block(self, kind: Any, *sentences: str, mark: str = "", between: str = " ") -> list[Sentence]:
        """Adds a block that begins with ``mark`` (as Markdown's ``#``) and returns its sentences."""
        self.text += "\n\n" if self.text else ""
        start = len(self.text)
        self.text += mark
        made = []
        for number, sentence in enumerate(sentences):
            self.text += between if number else ""
            made.append(self._sentence(self.spell(sentence)))
        self.blocks.append(Block(kind=kind, span=Span(start=start, end=len(self.text))))
        return made

    def _sentence(self, text: str) -> Sentence:
        start = len(self.text)
        self.text += text
        self.sentences.append(Sentence(id=f"s{len(self.sentences) + 1}", span=Span(start=start, end=start + len(text))))
        return self.sentences[-1]

    def claim(self, number: int, *sentences: Sentence, words: str = "", text: str = "") -> Claim:
        """Claim ``number`` of the first sentence; ``words`` of the document are its span, all of them by default."""
        span = Span(start=sentences[0].span.start, end=sentences[-1].span.end)
        found = self.text.find(self.spell(words), span.start, span.end) if words else -1
        if found >= 0:  # a spell that writes words another way than their sentence leaves the whole sentence
            span = Span(start=found, end=found + len(self.spell(words)))
        return Claim(
            id=f"{sentences[0].id}.{number}",
            text=self.spell(text) if text else span.of(self.text),
            span=span,
            sentences=tuple(sentence.id for sentence in sentences),
            checkworthiness="high",
            queries=(self.spell("what was looked for"),),
        )


def rich_report(spell: Spell = _same) -> Report:
    """An article as an editor would meet it: every kind of block, claims that overlap, nest and touch, three labels,
    a conflict, a failure, excluded and lost sentences, German, Arabic, Hebrew and emoji, PDF pages, a web page.
    """
    page = _Page(spell)
    page.block("metadata", "---\ntitle: Space\n---")
    (title,) = page.block("heading", "The sky is not a budget line", mark="# ")
    first = page.block(
        "text",
        "Webb left Kourou on 25 December 2021, and its first images came in August 2022.",
        "It was the best present of the decade.",
        "Its mirror has 18 segments.",
    )
    moon = page.block("text", "Artemis I flew in November 2022.", "Four astronauts were on board.", "What a sight!")
    (heading,) = page.block("heading", "Was sonst noch geschah 🚀", mark="## ")
    german = page.block(
        "text",
        "Die Kapsel „Orion“ landete am 11. Dezember 2022 im Pazifik.",
        "Die Straße dorthin war 2,3 Mio. Kilometer lang.",
        "Niemand teilte diesen Satz.",
    )
    (arabic,) = page.block("text", "هبطت المركبة على القمر في 23 أغسطس 2023.")
    (hebrew,) = page.block("quote", "הטלסקופ שוגר בשנת 2021.", mark="> ")
    one, two = (page.block("list", item, mark="- ")[0] for item in ("👩🏽‍🚀 Two crews trained.", "DART hit Dimorphos."))
    (table,) = page.block("table", "| year | flights |\n| --- | ---: |\n| 2022 | 186 |")
    (code,) = page.block("code", 'print("no claim")\nexit(0)')
    (furniture,) = page.block("furniture", "3 comments")
    metadata = page.sentences[0]

    images = "its first images came in August 2022"
    outcomes = [
        _rich(page.claim(1, first[0], words="Webb left Kourou on 25 December 2021"), spell, "supported"),
        _rich(
            page.claim(2, first[0], words=images, text="Webb's first images came in 8/22"),
            spell,
            "contradicted",
        ),
        _rich(page.claim(3, first[0]), spell, "insufficient"),
        _rich(page.claim(1, first[2]), spell, "supported"),
        _rich(page.claim(1, moon[0], moon[1]), spell, "contradicted"),
        _rich(page.claim(1, german[0]), spell, "conflicting_sources"),
        _rich(page.claim(1, german[1]), spell, "failed"),
        _rich(page.claim(1, arabic), spell, "supported"),
        _rich(page.claim(1, hebrew), spell, "no_passage_retrieved"),
        _rich(page.claim(1, one), spell, "quote_not_found"),
        _rich(page.claim(1, two), spell, "supported"),
        _rich(page.claim(1, table, words="| 2022 | 186 |"), spell, "not_confident"),
    ]
    aside: list[tuple[Sentence, ExclusionReason]] = [
        (metadata, "furniture"),
        (title, "furniture"),
        (first[1], "opinion"),
        (moon[2], "no_claim"),
        (heading, "furniture"),
        (code, "furniture"),
        (furniture, "furniture"),
    ]
    failure = Failure(
        stage="split", code="left_out", message=spell("the reply named it twice"), sentences=(german[2].id,)
    )
    warnings = [
        Notice(code="date_conflict", message=spell("the title says October, the text says November")),
        Notice(code="instruction_like_text", message=spell("characters 40–90 speak to a model")),
    ]
    return _of_page(
        page,
        outcomes,
        [Exclusion(sentence=sentence.id, reason=reason) for sentence, reason in aside],
        [failure],
        warnings,
    )


def long_report(claims: int = 1000, *, pages: int = 300) -> Report:
    """A book: ``claims`` claims, one in every second sentence, over so many pages; labels take turns."""
    page = _Page(_same)
    outcomes, aside = [], []
    kinds = ("supported", "contradicted", "insufficient", "conflicting_sources", "failed")
    for number in range(claims):
        said, thought = page.block(
            "text",
            f"In {1000 + number} the town of Nowhere had {number} houses and {number * 3} people in them.",
            "Nobody who saw it ever forgot the sight of its roofs in the evening, or so the story goes. " * 6,
        )
        outcomes.append(_rich(page.claim(1, said), _same, kinds[number % len(kinds)]))
        aside.append(Exclusion(sentence=thought.id, reason="opinion"))
    return _of_page(page, outcomes, aside, [], [], pages=pages)


def reviewed(report: Report) -> dict[str, Standing]:
    """Decisions about the first claims of a report, in turn: accepted, overruled, disputed, only commented on; and a
    label given by hand to the first claim that failed.
    """
    labels: tuple[Label, ...] = get_args(Label)
    said = {o.claim.id: o.verdict.label if o.verdict is not None else None for o in report.outcomes}
    names = list(said)
    day = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)

    def line(claim: str, label: Label | None, reviewer: str, comment: str = "") -> Review:
        decision = "comment" if label is None else "accept" if label == said[claim] else "overrule"
        return Review.model_validate(
            {
                "claim": claim,
                "decision": decision,
                "label": label,
                "said": said[claim],
                "comment": comment,
                "reviewer": reviewer,
                "at": day + timedelta(minutes=len(made)),
                "report": "c" * 64,
            }
        )

    made: list[Review] = []
    for claim, turn in zip(names, range(4), strict=False):
        other = next(label for label in labels if label != said[claim])
        if turn == 0:
            made.append(line(claim, said[claim], "Anna <anna@example.org>"))
        if turn == 1:
            made.append(line(claim, other, "Anna <anna@example.org>", "The agency's page says <otherwise>."))
        if turn == 2:
            made.append(line(claim, said[claim], "Anna <anna@example.org>"))
            made.append(line(claim, other, "Jörg 👓"))
        if turn == 3:
            made.append(line(claim, None, "Jörg 👓", "Check the number of segments again."))
    failed = next((name for name in names if said[name] is None), None)
    if failed is not None:
        made.append(line(failed, "supported", "Jörg 👓", "The atlas on my desk says so."))
    return standings(made)


def _of_page(
    page: _Page,
    outcomes: list[Outcome],
    exclusions: list[Exclusion],
    failures: list[Failure],
    warnings: list[Notice],
    *,
    pages: int = 0,
) -> Report:
    text = _Text()
    text.text, text.sentences = page.text, page.sentences
    report = report_of(text, outcomes, exclusions, failures, warnings, title=page.spell("The sky is not a budget line"))
    length = len(page.text)
    numbered = tuple(
        Page(number=n + 1, span=Span(start=n * length // pages, end=(n + 1) * length // pages)) for n in range(pages)
    )
    return report.model_copy(
        update={
            "document": report.document.model_copy(
                update={
                    "blocks": tuple(page.blocks),
                    "pages": numbered,
                    "media_type": "application/pdf" if pages else "text/markdown",
                    "source": "book.pdf" if pages else "article.md",
                }
            )
        }
    )


def _rich(claim: Claim, spell: Spell, became: str) -> Outcome:
    """The outcome of a claim: a label, a reason for none, or ``failed``."""
    atlas = passage(
        spell("The atlas was printed in 2024. It lists every launch. ")
        + spell("The launch was on 25 December 2021, at 12:20 UTC")
        + spell(". " + "It was the 256th Ariane of them all. " * 40),
        spell("references/atlas of flights.pdf"),
        start=9000,
        page=14,
    ).model_copy(update={"title": spell("Atlas of flights, 3rd edition")})
    web = passage(
        spell("Bericht der Agentur. ") + spell("Die ersten Bilder kamen am 12. Juli 2022") + spell(". Mehr folgt."),
        spell("https://example.org/news/2022?id=7#top"),
        start=120,
    ).model_copy(update={"language": "de", "title": spell("Bericht")})
    hebrew = passage(spell("הטלסקופ שוגר לחלל.") + " " + spell("זה היה בשנת 2021."), spell("references/ידיעות.txt"))
    says = {
        atlas: spell("The launch was on 25 December 2021, at 12:20 UTC"),
        web: spell("Die ersten Bilder kamen am 12. Juli 2022"),
        hebrew: spell("זה היה בשנת 2021."),
    }
    search = Search(
        queries=claim.queries, nearest=hebrew, looked_wider=True, wider=evidence(web), absent=(spell("1855"),)
    )
    if became == "failed":
        failure = Failure(stage="judge", code="malformed", message=spell("label: expected one of three"))
        return Outcome(claim=claim, evidence=evidence(atlas), search=search, failure=failure)
    stances: dict[str, tuple[tuple[Passage, Stance], ...]] = {
        "supported": ((atlas, "supports"), (hebrew, "supports")),
        "contradicted": ((web, "contradicts"), (atlas, "contradicts")),
        "conflicting_sources": ((atlas, "supports"), (web, "contradicts"), (hebrew, "contradicts")),
    }
    label = became if became in ("supported", "contradicted") else "unverifiable"
    verdict = {
        "label": label,
        "reason": became if label == "unverifiable" else None,
        "rationale": spell(f"The sources, read side by side, leave this {label}."),
        "citations": tuple(cited(found, says[found], stance) for found, stance in stances.get(became, ())),
        "warnings": _told(label, spell),
        "confidence": 0.875 if label != "unverifiable" else None,
    }
    rejected = RejectedQuote(quote=spell("nowhere to be found"), stance="supports", reason="not_in_passages")
    return Outcome(
        claim=claim,
        evidence=() if became == "no_passage_retrieved" else evidence(atlas, web, hebrew),
        search=search.model_copy(update={"nearest": None, "wider": ()}) if became == "no_passage_retrieved" else search,
        verdict=Verdict.model_validate(verdict),
        rejected=(rejected,) if became in ("quote_not_found", "contradicted") else (),
    )


def _told(label: str, spell: Spell) -> Iterable[Notice]:
    if label != "contradicted":
        return ()
    return (Notice(code="date_differs", message=spell("claim: August 2022; quote: 12 July 2022")),)
