"""Public sets, read from a folder in the format of ``../shared/data``: verdict files, and corpora to retrieve from.

An ``index.json`` names the files with their kind, label scheme and licence tier; a single set's folder below it will
do. A folder without an index is the user's own: every file of claims in it is read, ``corpus.jsonl`` is its corpus.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import ValidationError

from eval.datasets.choosing import Wanted, limited
from eval.datasets.dataset import Dataset
from eval.parts import about_of, part_of
from eval.records import DatasetInfo, Gold, GoldQuote, Reference, Sample, Scheme, Tier
from factcheck.errors import ConfigError
from factcheck.models import Stance

_LABELS: dict[Scheme, frozenset[str]] = {
    "three": frozenset({"supported", "contradicted", "unverifiable"}),
    "two": frozenset({"supported", "contradicted"}),
    "binary": frozenset({"supported", "not_supported"}),
}
_SUFFIX = re.compile(r"(?:\.binary)?\.jsonl(?:\.gz)?$")
_STANCE: dict[str, Stance] = {"supported": "supports", "contradicted": "contradicts"}


@dataclass(frozen=True)
class SetFile:
    """One file of a data folder; ``scheme`` is None for what holds no verdicts, and ``aside`` for labels of its own."""

    root: Path
    file: str  # relative to root
    set: str
    kind: str
    tier: Tier
    scheme: str | None

    @property
    def path(self) -> Path:
        return self.root / self.file

    @property
    def name(self) -> str:
        """``scifact/dev``, ``unstated/climate-fever/claims``."""
        return _SUFFIX.sub("", self.file)

    @property
    def corpus(self) -> Path | None:
        """The documents that the claims of this file are about; pairs bring theirs along, one each."""
        found = [self.path.with_name(name) for name in ("corpus.jsonl.gz", "corpus.jsonl")]
        return next((path for path in found if path.is_file() and path != self.path), None)

    def answers_to(self, name: str) -> bool:
        return name.rstrip("/") in (self.set, self.name, self.file, str(Path(self.file).parent))


def verdict_sets(wanted: Wanted, *, with_corpus: bool = False) -> tuple[Dataset, ...]:
    """Each file of claims asked for, as a set; ``with_corpus`` only those that have documents to retrieve from.

    Raises ConfigError naming the file and line that cannot be read, and where nothing is left to measure.
    """
    chosen = [file for file in chosen_files(wanted) if _measurable(file) and (not with_corpus or _searchable(file))]
    found = [_dataset(file, wanted) for file in chosen]
    if measured := tuple(data for data in found if data.samples):
        return measured
    what = "set with a corpus" if with_corpus else "set of claims with verdicts"
    where = f" in part {wanted.part} ({', '.join(file.name for file in chosen)})" if chosen else ""
    raise ConfigError(f"{wanted.path}: no {what}{where}; look at index.json, --set and --part")


def left_out(wanted: Wanted) -> tuple[str, ...]:
    """The files asked for whose labels are none of ours, for the user to know that they are not in any figure."""
    if wanted.path is None or not wanted.path.is_dir():
        return ()
    return tuple(file.name for file in chosen_files(wanted) if file.kind == "verdict" and file.scheme == "aside")


def chosen_files(wanted: Wanted) -> tuple[SetFile, ...]:
    """The files below ``wanted.path``, of the sets named. Raises ConfigError for a name that none answers to."""
    if wanted.path is None:
        raise ConfigError("no folder of public sets was given; name one with --data DIR")
    files = _files(wanted.path)
    for name in wanted.sets:
        if not any(file.answers_to(name) for file in files):
            known = ", ".join(sorted({file.set for file in files})) or "none"
            raise ConfigError(f"{wanted.path}: there is no set {name}; there are {known}")
    return tuple(file for file in files if not wanted.sets or any(map(file.answers_to, wanted.sets)))


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number, from 1, and its object. Raises ConfigError naming file and line."""
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, _object(path, number, line)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{path}: cannot be read after line {number} ({reason})") from error


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ConfigError(f"{path}, line {number}: not JSON ({error})") from error
    if not isinstance(row, dict):
        raise ConfigError(f"{path}, line {number}: not a JSON object")
    return row


def _files(path: Path) -> tuple[SetFile, ...]:
    if not path.exists():
        raise ConfigError(f"{path}: no such folder of data")
    path = path.resolve()
    root = next((folder for folder in (path, *path.parents) if (folder / "index.json").is_file()), None)
    if root is None:
        return _unindexed(path)
    listed = _index(root / "index.json")
    return tuple(file for file in listed if file.path == path or path in file.path.parents)


def _index(path: Path) -> tuple[SetFile, ...]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            SetFile(
                root=path.parent,
                file=entry["file"],
                set=entry["set"],
                kind=entry["kind"],
                tier=_tier(entry["licence_tier"]),
                scheme=entry.get("scheme"),
            )
            for entry in entries
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not an index of data sets ({type(error).__name__}: {error})") from error


def _tier(name: str) -> Tier:
    if name not in get_args(Tier):
        raise ValueError(f"licence tier {name!r} is none of {', '.join(get_args(Tier))}")
    return cast(Tier, name)


def _unindexed(path: Path) -> tuple[SetFile, ...]:
    folder = path if path.is_dir() else path.parent
    found = sorted(folder.glob("*.jsonl*")) if path.is_dir() else [path]
    return tuple(
        SetFile(folder, file.name, folder.name, "verdict", "user", _scheme_seen(file))
        for file in found
        if _SUFFIX.search(file.name) and not file.name.startswith(("corpus.", "documents."))
    )


def _scheme_seen(path: Path) -> Scheme:
    labels = {row.get("label") for _, row in read_rows(path)}
    for scheme in ("binary", "two", "three"):
        if labels <= _LABELS[scheme]:
            return scheme
    raise ConfigError(f"{path}: labels are {sorted(map(str, labels))}, none of the schemes three, two, binary")


def _measurable(file: SetFile) -> bool:
    return file.kind == "verdict" and file.scheme in _LABELS


def _searchable(file: SetFile) -> bool:
    """Pairs of a claim and one of its pieces of evidence say nothing about what is to be found."""
    return file.corpus is not None and not file.name.endswith("pairs")


def _dataset(file: SetFile, wanted: Wanted) -> Dataset:
    scheme = cast(Scheme, file.scheme)
    corpus = file.corpus
    known, sentences = _corpus(corpus) if corpus else ((), {})
    names = {reference.doc_id for reference in known}
    samples = [
        _sample(file, scheme, number, row, names, sentences)
        for number, row in read_rows(file.path)
        if _wanted_part(file, number, row, wanted)
    ]
    _require_unique(file, samples)
    chosen = limited(samples, wanted.limit, lambda sample: sample.about)
    info = DatasetInfo(
        name=file.name,
        tier=file.tier,
        licence=_licence(file.path.with_name("README.md")),
        scheme=scheme,
        digest=_digest(file.path, *([corpus] if corpus else [])),
        samples=len(chosen),
        part="all" if file.tier == "user" else wanted.part,
    )
    return Dataset(info, chosen, known or None)


def _wanted_part(file: SetFile, number: int, row: Mapping[str, Any], wanted: Wanted) -> bool:
    if wanted.part == "all" or file.tier == "user":
        return True
    return part_of(file.file, _about(file, number, row)) == wanted.part


def _about(file: SetFile, number: int, row: Mapping[str, Any]) -> str:
    try:
        return about_of(file.file, row)
    except (KeyError, IndexError, TypeError) as error:
        raise _bad(file, number, error) from error


def _sample(
    file: SetFile,
    scheme: Scheme,
    number: int,
    row: Mapping[str, Any],
    corpus: set[str],
    sentences: Mapping[str, Sequence[str]],
) -> Sample:
    try:
        label, language = row["label"], row["lang"]
        if label not in _LABELS[scheme]:
            raise ValueError(f"label {label!r} is none of {', '.join(sorted(_LABELS[scheme]))}")
        evidence = tuple(
            Reference(doc_id=item["doc_id"], title=item.get("title", ""), text=item["text"], language=language)
            for item in row["evidence"]
        )
        settled = label != "unverifiable"
        named = dict.fromkeys(_in_corpus(item.doc_id, corpus) for item in evidence) if settled else {}
        return Sample(
            id=f"{file.name}/{row['id']}",
            dataset=file.name,
            about=_about(file, number, row),
            claim=row["claim"],
            language=language,
            label=cast(Gold, label),
            evidence=evidence,
            quotes=tuple(_quotes(row, evidence, sentences)),
            documents=tuple(name for name in named if name in corpus),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _bad(file, number, error) from error


def _in_corpus(doc_id: str, corpus: set[str]) -> str:
    """The document's name in the corpus: climate-fever names a sentence of an article by ``article:number``."""
    return doc_id if doc_id in corpus else doc_id.rpartition(":")[0]


def _quotes(
    row: Mapping[str, Any], evidence: Sequence[Reference], sentences: Mapping[str, Sequence[str]]
) -> Iterator[GoldQuote]:
    """The sentences that the set marks as deciding: by number in its corpus, or by line of the evidence."""
    meta: Mapping[str, Any] = row.get("meta") or {}
    stance = _STANCE.get(row["label"])
    if stance is None:
        return
    rationale = meta.get("rationale") or {}
    marked = rationale if isinstance(rationale, dict) else {evidence[0].doc_id: rationale}
    for doc_id, numbers in marked.items():
        for number in numbers:
            yield GoldQuote(doc_id=doc_id, quote=sentences[doc_id][number].strip(), stance=stance)
    for number in sorted({number for lines in meta.get("supporting_lines") or () for number in lines}):
        line = evidence[0].text.split("\n")[number]
        yield GoldQuote(doc_id=evidence[0].doc_id, quote=line.strip(), stance=stance)


@lru_cache(maxsize=2)
def _corpus(path: Path) -> tuple[tuple[Reference, ...], dict[str, list[str]]]:
    """The documents of a corpus, and the sentences of those that come cut into them."""
    documents: list[Reference] = []
    sentences: dict[str, list[str]] = {}
    for number, row in read_rows(path):
        try:
            documents.append(
                Reference(doc_id=row["doc_id"], title=row["title"], text=row["text"], language=row.get("lang", "und"))
            )
        except (KeyError, ValidationError) as error:
            raise ConfigError(f"{path}, line {number}: {_first(error)}") from error
        sentences[row["doc_id"]] = row.get("sentences", [])
    return tuple(documents), sentences


def _require_unique(file: SetFile, samples: Sequence[Sample]) -> None:
    doubled = [name for name, count in Counter(sample.id for sample in samples).items() if count > 1]
    if doubled:
        raise ConfigError(f"{file.path}: the id {doubled[0].removeprefix(f'{file.name}/')} stands twice")


def _bad(file: SetFile, number: int, error: Exception) -> ConfigError:
    return ConfigError(f"{file.path}, line {number}: {_first(error)}")


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
    return f"there is no {error}" if isinstance(error, KeyError) else f"{error}"


def _licence(readme: Path) -> str:
    """What a set's README says after ``Licence:``, on that line."""
    if not readme.is_file():
        return ""
    found = re.search(r"^Licence: (.+)$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1).strip() if found else ""


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
