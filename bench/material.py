"""What the figures of batch are made with: documents, references, and the rule by which the model of the bench answers.

Everything follows from numbers: the same document is the same text every time, and the same prompt has the same answer.
A fact is a sentence like "The Aldheim works delivered 1234 tonnes in 2011."; of every four claims of a document two
stand in the references, one with another number, and one is about a year of which they say nothing.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

TOWNS = ("Aldheim", "Brunnfeld", "Carlow", "Dornbach", "Eschtal", "Fernau", "Glenmoor", "Hollstedt")
YEARS = range(2001, 2011)  # of the references; documents also speak of years a century later
POISON = "This answer was broken on its way."  # in every answer that must never become a label

_CLAIM_LINE = re.compile(r"^\[(s\d+)\] (.+)$", re.M)
_CLAIM = re.compile(r"<claim-(\w+)>\n(.*?)\n</claim-\1>", re.S)
_PASSAGE = re.compile(r"<passage-(\w+) (\d+)>\n(.*?)\n</passage-\1>", re.S)
_FACT = re.compile(r"[Tt]he (\w+) works delivered (\d+) tonnes in (\d{4})")
_FILE = re.compile(r"\bfile (D\d{4,})\b")


def tonnes(town: str, year: int) -> int:
    return 1000 + (TOWNS.index(town) * 541 + year * 137) % 8000


def write_references(folder: Path) -> None:
    """One file per town, a sentence per year among others."""
    folder.mkdir(parents=True)
    for town in TOWNS:
        lines = [f"Annual reports of the {town} works"]
        for year in YEARS:
            lines.append(f"The {town} works delivered {tonnes(town, year)} tonnes in {year}.")
        (folder / f"{town.lower()}.txt").write_text("\n\n".join(lines) + "\n", encoding="utf-8")


def document(number: int, claims: int = 20) -> str:
    """The text of document ``number``; every sentence names it, so that no two documents share a claim."""
    chance = random.Random(number)
    facts = chance.sample([(town, year) for town in TOWNS for year in YEARS], claims)
    lines = []
    for at, (town, year) in enumerate(facts):
        count = tonnes(town, year)
        if at % 4 == 2:
            count += 1 + at
        if at % 4 == 3:
            year += 100
        lines.append(f"According to file {name_of(number)}, the {town} works delivered {count} tonnes in {year}.")
    return " ".join(lines) + f" What does file {name_of(number)} leave out?\n"


def name_of(number: int) -> str:
    return f"D{number:04}"


def write_documents(folder: Path, count: int, claims: int = 20, *, first: int = 0) -> None:
    """``count`` documents in folders of ten."""
    for number in range(first, first + count):
        path = folder / f"part-{number // 10:03}" / f"{name_of(number)}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document(number, claims), encoding="utf-8")


# --- the model ------------------------------------------------------------------------------------------------------


def is_split(user: str) -> bool:
    return "<claim-" not in user


def document_of(user: str) -> str:
    """The name of the document a prompt is about, "" where it names none."""
    claim = _CLAIM.search(user)
    found = _FILE.search(claim[2] if claim else user)
    return found[1] if found else ""


def answer_to(user: str, *, poisoned: bool = False) -> dict[str, Any]:
    """What the model answers to a prompt of ours; ``poisoned`` answers fit the schema too, and are wrong."""
    return _split(user, poisoned=poisoned) if is_split(user) else _judged(user, poisoned=poisoned)


def misfit_to(user: str) -> dict[str, Any]:
    """An answer of the wrong shape."""
    if is_split(user):
        return {"sentences": [{"id": "s1", "kind": "true", "claims": [{"text": POISON}]}]}
    return {**_judged(user, poisoned=True), "label": "true"}


def _split(user: str, *, poisoned: bool) -> dict[str, Any]:
    return {"sentences": [_sentence(name, text, poisoned=poisoned) for name, text in _CLAIM_LINE.findall(user)]}


def _sentence(name: str, text: str, *, poisoned: bool) -> dict[str, Any]:
    if text.endswith("?"):
        return {"id": name, "kind": "question", "claims": []}
    said = POISON if poisoned else text
    claim = {"quote": text, "text": said, "also": [], "checkworthiness": "high", "queries": [text[24:90]]}
    return {"id": name, "kind": "claims", "claims": [claim]}


def _judged(user: str, *, poisoned: bool) -> dict[str, Any]:
    claim = _CLAIM.search(user)
    asked = _FACT.search(claim[2]) if claim else None
    if asked is None:
        return _answer("unverifiable", "ambiguous_claim", [], "The claim names no works.")
    for _, number, text in _PASSAGE.findall(user):
        for found in _FACT.finditer(text):
            if (found[1], found[3]) == (asked[1], asked[3]):
                agrees = (found[2] == asked[2]) != poisoned
                quote = {"passage": int(number), "quote": found[0], "stance": "supports" if agrees else "contradicts"}
                label = "supported" if agrees else "contradicted"
                return _answer(label, None, [quote], POISON if poisoned else f"The report says {found[2]} tonnes.")
    return _answer("unverifiable", "passages_irrelevant", [], POISON if poisoned else "No report on that year.")


def _answer(label: str, reason: str | None, quotes: list[dict[str, Any]], rationale: str) -> dict[str, Any]:
    return {"analysis": "", "quotes": quotes, "label": label, "reason": reason, "rationale": rationale}
