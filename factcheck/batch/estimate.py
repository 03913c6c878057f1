"""What a batch would take, before anything is spent: documents, calls, tokens and dollars, and how they are guessed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from factcheck import prompts
from factcheck.batch.output import Output
from factcheck.batch.plan import Found, plan
from factcheck.batch.records import Row
from factcheck.batch.run import Asked, settings_of
from factcheck.batch.summary import money
from factcheck.documents.files import checked_name, read_file
from factcheck.documents.reading import DEFAULT_LIMITS, read_bytes
from factcheck.engine import Say, chat_of, choose, digest_in_use, key_for, run_to_end
from factcheck.errors import ReadError
from factcheck.models import Document
from factcheck.report.words import counted
from factcheck.retrieve.passages import TARGET
from factcheck.sentences import furniture_of, sentences_of
from factcheck.settings import Settings
from factcheck.split.llm import LLMSplitter
from factcheck.split.windows import BEFORE_CHARACTERS, OPENING_CHARACTERS, windows_of

if TYPE_CHECKING:
    from factcheck.llm.meter import Price

CLAIMS_PER_SENTENCE = 1.0  # 350 claims in the 344 sentences of eval/datasets/own
CHARACTERS_PER_TOKEN = 3.5  # of English and German together, rather low
SPLIT_TOKENS_PER_CLAIM = 100  # written: the claim, its stretch and its queries
JUDGE_TOKENS = 200  # written: the analysis, the quotes and the label
_AROUND_CHARACTERS = 600  # titles, tags and instructions around a text


@dataclass(frozen=True)
class Estimate:
    """What the run would take. ``cost_usd`` is None where the model's price is unknown.

    Replies kept from earlier runs cost nothing and are not known beforehand, so it can only be less.
    """

    engine: str  # in words
    to_do: int
    done: int
    unreadable: int
    skipped: int
    sentences: int
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    assumptions: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        yield (
            f"{counted(self.to_do, 'document')} to check, {self.done} done before,"
            f" {self.unreadable} that cannot be read; {self.skipped} other entries of the folder"
        )
        yield f"{self.engine}: {counted(self.sentences, 'sentence')}, about {counted(self.calls, 'model call')}"
        yield f"about {self.input_tokens} tokens read and {self.output_tokens} written: {money(self.cost_usd)}"
        for assumption in self.assumptions:
            yield f"- {assumption}"


def estimate(asked: Asked, settings: Settings, *, by_jobs: bool = False, say: Say = lambda line: None) -> Estimate:
    """Reads the documents and counts; asks the model nothing, indexes nothing, writes nothing.

    ``by_jobs`` reckons with the price of batch jobs. Raises FactcheckError.
    """
    entries = plan(asked.folder, out=asked.out, files=asked.files, since=asked.since)
    with _writing_nothing(asked, settings_of(asked, settings)) as own:
        return run_to_end(_estimated(asked, own, entries, by_jobs, say))


@contextmanager
def _writing_nothing(asked: Asked, settings: Settings) -> Iterator[Settings]:
    """A folder to pass for the cache that a run would only begin in the output folder."""
    if settings.cache_dir.exists() or settings.cache_dir.parent != asked.out.absolute():
        yield settings
        return
    with TemporaryDirectory(prefix="factcheck-") as folder:
        yield settings.model_copy(update={"cache_dir": Path(folder)})


async def _estimated(asked: Asked, settings: Settings, entries: list[Found], by_jobs: bool, say: Say) -> Estimate:
    choice = choose(settings)
    say(f"factcheck: {choice.line}")
    chat = await chat_of(choice, settings)
    try:
        store = digest_in_use(settings, asked.references)
        key = key_for(choice, settings, chat, store) if store is not None and not asked.force else None
        earlier = Output(asked.out, asked.folder)
        counts = _counted(asked, settings, entries, earlier, key)
        price = chat.price if chat is not None else None
    finally:
        if chat is not None:
            await chat.aclose()
    notes = (
        [] if store is not None else ["the references are new or changed, so every document counts as to be checked"]
    )
    calls, read, written = 0, 0, 0
    if chat is not None:
        calls, read, written, said = _work(counts, settings, earlier.rows.values())
        notes += said
    return Estimate(
        engine=f"engine {choice.name}" + (f", model {chat.model}" if chat is not None else ""),
        to_do=counts["to_do"],
        done=counts["done"],
        unreadable=counts["unreadable"],
        skipped=counts["skipped"],
        sentences=counts["sentences"],
        calls=calls,
        input_tokens=read,
        output_tokens=written,
        cost_usd=_cost(price, calls, read, written, by_jobs=by_jobs),
        assumptions=tuple(notes),
    )


def _counted(
    asked: Asked, settings: Settings, entries: Iterable[Found], earlier: Output, key: str | None
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for found in entries:
        if found.problem:
            counts["unreadable" if found.is_error else "skipped"] += 1
            continue
        path = asked.folder / found.relative
        try:
            checked_name(path)
            data = read_file(path, most=DEFAULT_LIMITS.file_bytes)
            if key is not None and earlier.is_current(found, hashlib.sha256(data).hexdigest(), key):
                counts["done"] += 1
                continue
            document = read_bytes(data, source=str(path))
        except ReadError:
            counts["unreadable"] += 1
            continue
        counts["to_do"] += 1
        counts.update(_sizes(document, settings))
    return counts


def _sizes(document: Document, settings: Settings) -> dict[str, int]:
    sentences = sentences_of(document)
    furniture = furniture_of(document, sentences)
    prose = [sentence for sentence in sentences if sentence.id not in furniture]
    return {
        "sentences": len(prose),
        "characters": sum(sentence.span.end - sentence.span.start for sentence in prose),
        "windows": sum(1 for _ in windows_of(prose, size=settings.window, characters=LLMSplitter.characters)),
    }


def _work(counts: Counter[str], settings: Settings, rows: Iterable[Row]) -> tuple[int, int, int, list[str]]:
    """Calls, tokens read and written, and how that was come by."""
    paid = [row for row in rows if row.is_settled and row.totals is not None and row.totals.sentences and row.calls]
    if paid:
        return _as_before(counts, paid)
    claims = counts["sentences"] * CLAIMS_PER_SENTENCE
    split = len(prompts.fill("split.system")) + BEFORE_CHARACTERS + OPENING_CHARACTERS + _AROUND_CHARACTERS
    judge = len(prompts.fill("judge.system")) + settings.passages * TARGET + _AROUND_CHARACTERS
    read = (counts["windows"] * split + counts["characters"] + claims * judge) / CHARACTERS_PER_TOKEN
    written = claims * (SPLIT_TOKENS_PER_CLAIM + JUDGE_TOKENS)
    notes = [
        f"assumed: {CLAIMS_PER_SENTENCE:g} claims a sentence (as in factcheck's own evaluation set), one call for each"
        f" and one for {settings.window} sentences; {CHARACTERS_PER_TOKEN:g} characters a token;"
        f" {SPLIT_TOKENS_PER_CLAIM + JUDGE_TOKENS} tokens written for a claim; no call failing",
        "replies kept from earlier runs cost nothing; how many there are comes out only by asking",
    ]
    return counts["windows"] + round(claims), round(read), round(written), notes


def _as_before(counts: Counter[str], paid: list[Row]) -> tuple[int, int, int, list[str]]:
    sentences = sum(row.totals.sentences for row in paid if row.totals is not None)
    asked = sum(row.calls for row in paid)
    calls = counts["sentences"] * sum(row.calls + row.cached for row in paid) / sentences
    read = calls * sum(row.input_tokens for row in paid) / asked
    written = calls * sum(row.output_tokens for row in paid) / asked
    notes = [
        f"as measured on {counted(len(paid), 'document')} in the output folder:"
        f" {calls / max(counts['sentences'], 1):.2f} calls a sentence,"
        f" {read / max(calls, 1):.0f} tokens read and {written / max(calls, 1):.0f} written a call",
        "replies kept from earlier runs cost nothing; how many there are comes out only by asking",
    ]
    return round(calls), round(read), round(written), notes


def _cost(price: Price | None, calls: int, read: int, written: int, *, by_jobs: bool) -> float | None:
    if calls == 0:
        return 0.0
    from factcheck.llm.jobs import FACTOR
    from factcheck.llm.meter import Tokens

    return round(price(Tokens(read, written)) * (FACTOR if by_jobs else 1.0), 4) if price is not None else None
