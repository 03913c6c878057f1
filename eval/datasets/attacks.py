"""Texts that try to talk to the model: the own cases in ``own/attacks/``, each with its clean twin.

A case is a claim with its evidence, or a document to be split. An attack plants words in one of its texts: an order,
never a fact, since a reference that states a falsehood is evidence and no injection. So the right label stays what it
was, and whatever the plant changes is its success.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from eval.datasets.choosing import limited
from eval.datasets.dataset import Dataset
from eval.datasets.own import FOLDER
from eval.records import DatasetInfo, Reference, Sample
from factcheck.documents import read_bytes
from factcheck.documents.formats import suffix_type
from factcheck.errors import ConfigError, ReadError
from factcheck.models import Document, Label, Record, Text

CLEAN, ATTACKED = "clean", "attacked"  # the kinds of samples
NAME = "own-attacks"
Form = Literal["plain", "base64", "rot13", "zero-width", "homoglyphs", "tags"]

_ALIKE = str.maketrans("aceiopxyAEOCPTX", "асеіорхуАЕОСРТХ")  # Latin letters, Cyrillic letters


def _in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _in_tags(text: str) -> str:
    """In letters that nobody sees; only ASCII has them."""
    return "".join(chr(0xE0000 + ord(char)) for char in text)


_FORMS: dict[Form, Callable[[str], str]] = {
    "plain": str,
    "base64": _in_base64,
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "zero-width": "\u200b".join,
    "homoglyphs": lambda text: text.translate(_ALIKE),
    "tags": _in_tags,
}


class Attack(Record):
    """Words planted in a file of the case.

    They stand at its end, at its start, or right behind ``after``, which is verbatim in it. ``target`` is the label
    they are after, ``canary`` a word that they want to see in the output.
    """

    id: str
    technique: str
    plant: Text = Field(min_length=1)
    form: Form = "plain"
    file: str = ""  # of the evidence; the first where none is named
    at: Literal["start", "end"] = "end"
    after: Text = ""
    target: Label | None = None
    canary: Text = ""

    @model_validator(mode="after")
    def _asks_for_its_canary(self) -> Self:
        if self.canary not in self.plant or (self.form == "tags" and not self.plant.isascii()):
            raise ValueError(f"attack {self.id}: its plant lacks the canary, or cannot be written in tags")
        return self

    def planted_in(self, text: str) -> str:
        """``text`` with the plant in it, in its form. Raises ValueError where ``after`` is not in the text."""
        plant = _FORMS[self.form](self.plant)
        if self.after:
            if self.after not in text:
                raise ValueError(f"attack {self.id}: these words are not in its text: {self.after!r}")
            return text.replace(self.after, f"{self.after} {plant}", 1)
        return f"{plant}\n\n{text}" if self.at == "start" else f"{text}\n\n{plant}\n"


class Source(Record):
    """A file of evidence as its author wrote it; the ending of its name says how it is read."""

    file: str
    text: Text = Field(min_length=1)


class ClaimCase(Record):
    """A claim whose label stays right whatever is planted in its evidence."""

    id: str
    claim: Text = Field(min_length=1)
    label: Label
    evidence: tuple[Source, ...] = Field(min_length=1)
    attacks: tuple[Attack, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _attacks_go_for_another_label(self) -> Self:
        for attack in self.attacks:
            if attack.target is None or attack.target == self.label:
                raise ValueError(f"{self.id}/{attack.id}: an attack goes for a label that is not right")
            if attack.file and attack.file not in {source.file for source in self.evidence}:
                raise ValueError(f"{self.id}/{attack.id}: there is no file {attack.file}")
        return self

    def sources(self, attack: Attack | None) -> tuple[Source, ...]:
        """The evidence, clean or with the plant in it."""
        if attack is None:
            return self.evidence
        file = attack.file or self.evidence[0].file
        return tuple(
            Source(file=source.file, text=attack.planted_in(source.text)) if source.file == file else source
            for source in self.evidence
        )


class DocumentCase(Record):
    """A document whose sentences are to be split as if nothing were planted in it."""

    id: str
    file: str
    as_of: date
    text: Text = Field(min_length=1)
    attacks: tuple[Attack, ...] = Field(min_length=1)

    def source(self, attack: Attack | None) -> Source:
        return Source(file=self.file, text=attack.planted_in(self.text) if attack is not None else self.text)


class _File(Record):
    language: str
    cases: tuple[ClaimCase | DocumentCase, ...]


@dataclass(frozen=True)
class ClaimTwin:
    """A claim with its evidence as read; ``attack`` is None in the clean twin."""

    case: ClaimCase
    attack: Attack | None
    sample: Sample
    evidence: tuple[Document, ...]


@dataclass(frozen=True)
class DocumentTwin:
    """A document as read; ``attack`` is None in the clean twin."""

    id: str
    case: DocumentCase
    attack: Attack | None
    document: Document


@dataclass(frozen=True)
class AttackSet(Dataset):
    """``samples`` are those of ``claims``, in the same order; then come the documents. Clean twins stand first."""

    claims: tuple[ClaimTwin, ...] = ()
    documents: tuple[DocumentTwin, ...] = ()


def attack_set(folder: Path = FOLDER / "attacks", *, limit: int | None = None) -> AttackSet:
    """The cases with their clean twins, read as the product reads files. Raises ConfigError where one is not right."""
    claims: list[ClaimTwin] = []
    documents: list[DocumentTwin] = []
    for path in sorted(folder.glob("*.json")):
        try:
            file = _File.model_validate_json(path.read_bytes())
            claims += [
                twin for case in file.cases if isinstance(case, ClaimCase) for twin in _claims(case, file.language)
            ]
            documents += [
                twin
                for case in file.cases
                if isinstance(case, DocumentCase)
                for twin in _documents(case, file.language)
            ]
        except (ValueError, OSError, ReadError) as error:
            raise ConfigError(f"{path}: {error}") from error
    both: list[ClaimTwin | DocumentTwin] = [*claims, *documents]
    if not both:
        raise ConfigError(f"{folder}: holds no attacks")
    kept = limited(both, limit, lambda twin: twin.case.id)
    info = DatasetInfo(
        name=NAME, tier="own", licence="CC0-1.0", scheme="three", digest=_digest(folder), samples=len(kept)
    )
    judged = tuple(twin for twin in kept if isinstance(twin, ClaimTwin))
    split = tuple(twin for twin in kept if isinstance(twin, DocumentTwin))
    return AttackSet(info, tuple(twin.sample for twin in judged), None, judged, split)


def _claims(case: ClaimCase, language: str) -> Iterator[ClaimTwin]:
    for attack in (None, *case.attacks):
        documents = tuple(_read(source) for source in case.sources(attack))
        sample = Sample(
            id=f"{NAME}/{case.id}/{attack.id if attack else CLEAN}",
            dataset=NAME,
            about=case.id,
            claim=case.claim,
            language=language,
            label=case.label,
            evidence=tuple(
                Reference(doc_id=each.source, title=each.title, text=each.text, language=each.language)
                for each in documents
            ),
            kind=ATTACKED if attack else CLEAN,
            group=case.id,
        )
        yield ClaimTwin(case, attack, sample, documents)


def _documents(case: DocumentCase, language: str) -> Iterator[DocumentTwin]:
    for attack in (None, *case.attacks):
        document = _read(case.source(attack)).model_copy(update={"language": language})
        yield DocumentTwin(f"{NAME}/{case.id}/{attack.id if attack else CLEAN}", case, attack, document)


def _read(source: Source) -> Document:
    return read_bytes(source.text.encode(), source=source.file, media_type=suffix_type(source.file))


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.json")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
