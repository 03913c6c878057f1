"""What there is to do: the documents of a folder, and whatever else lies in it with the reason why it is not read."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from factcheck.errors import ConfigError

GIT_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Found:
    """An entry of the folder. ``relative`` is a posix path below it, in which undecodable bytes are surrogates.

    ``problem`` says why it is no document to read: nothing for one that is, else "code: message"; ``is_error`` tells
    what should have been read from what is none of our business.
    """

    relative: str
    problem: str = ""
    is_error: bool = False

    @property
    def document(self) -> str:
        """The name as a record can hold it."""
        return os.fsencode(self.relative).decode("utf-8", errors="replace")

    @property
    def name_bytes(self) -> str | None:
        """Hex, where ``document`` is not the whole truth."""
        raw = os.fsencode(self.relative)
        return None if raw.decode("utf-8", errors="replace").encode() == raw else raw.hex()

    @property
    def name(self) -> str:
        """As ``Row.name``."""
        return self.name_bytes or self.document


def plan(
    folder: Path, *, out: Path | None = None, files: Sequence[Path] | None = None, since: str | None = None
) -> list[Found]:
    """Every entry below ``folder``, sorted by name; the output folder ``out`` is left alone where it lies inside.

    ``files`` limits the plan to these, ``since`` to what git says is new or changed since that commit. Nothing is
    opened but folders. Raises ConfigError for a folder that is none, files outside of it, and trouble with git.
    """
    root = _root(folder)
    own = os.path.realpath(out) if out is not None else None
    if own == str(root):
        raise ConfigError(f"{out}: the folder of the documents; give --out a folder of its own")
    found = {entry.relative: entry for entry in _Walk(root, own).entries()}
    if since is not None:
        wanted = set(changed_since(root, since))
        return [entry for name, entry in found.items() if name in wanted]
    if files is None:
        return list(found.values())
    names = dict.fromkeys(_below(root, path) for path in files)
    return sorted((found.get(name) or _absent(root, name) for name in names), key=lambda entry: entry.relative)


def listed_paths(data: bytes) -> list[Path]:
    """The paths in a list: one a line, or parted by NUL where there is one, as ``git diff --name-only -z`` writes."""
    parts = data.split(b"\0") if b"\0" in data else [line.removesuffix(b"\r") for line in data.split(b"\n")]
    return [Path(os.fsdecode(part)) for part in parts if part]


def parted(folder: Path, paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The listed files of the folder, and those that lie elsewhere: a list of changes names all of a repository.

    A path that leads nowhere counts as the folder's, so that ``plan`` says what is wrong with it.
    """
    root = _root(folder)
    elsewhere = [path for path in paths if os.path.lexists(path) and not _is_below(root, path)]
    return [path for path in paths if path not in elsewhere], elsewhere


def changed_since(root: Path, ref: str) -> list[str]:
    """Files below ``root`` that differ from the commit ``ref`` or are new to git and not ignored; deleted ones are not.

    Raises ConfigError where git does not know the folder or the commit.
    """
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", about=ref).strip()
    changed = _git(
        root,
        *("diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--diff-filter=d", "--name-only", "--relative"),
        *("-z", os.fsdecode(commit), "--", "."),
        about=ref,
    )
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", about=ref)
    return [os.fsdecode(name) for name in (changed + untracked).split(b"\0") if name]


def _git(root: Path, *words: str, about: str) -> bytes:
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "core.quotepath=false",
        *words,
    ]  # no program of the repository
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, stdin=subprocess.DEVNULL, timeout=GIT_TIMEOUT_S)
    except FileNotFoundError as error:
        raise ConfigError("--since needs git, which is not installed; give the files with --files instead") from error
    except subprocess.TimeoutExpired as error:
        raise ConfigError(f"--since {about}: git did not answer within {GIT_TIMEOUT_S:.0f} s") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise ConfigError(f"--since {about}: {said or f'git knows no such commit in {root}'}")
    return done.stdout


def _root(folder: Path) -> Path:
    root = Path(os.path.realpath(folder))
    if not root.exists():
        raise ConfigError(f"{folder}: no such folder of documents")
    if not root.is_dir():
        raise ConfigError(f"{folder}: a file; give a folder, or check this one with factcheck check")
    return root


def _below(root: Path, path: Path) -> str:
    """The name of a listed file below ``root``. Raises ConfigError."""
    if not _is_below(root, path):
        raise ConfigError(f"{path}: not in the folder {root}; a list names its files as seen from {Path.cwd()}")
    return _resolved(path).relative_to(root).as_posix()


def _is_below(root: Path, path: Path) -> bool:
    real = _resolved(path)
    return real.is_relative_to(root) and real != root


def _resolved(path: Path) -> Path:
    """The folder it lies in is resolved, a link itself is not."""
    if path.name in ("", ".."):
        return Path(os.path.realpath(path))
    return Path(os.path.realpath(path.parent), path.name)


def _absent(root: Path, name: str) -> Found:
    """A listed file that walking the folder did not come by."""
    path = root / name
    if not os.path.lexists(path):
        return Found(name, "unreadable: there is no such file", is_error=True)
    if path.is_dir() and not path.is_symlink():
        return Found(name, "folder: a folder; list its files, or check the whole folder")
    return Found(name, "hidden: lies in a folder that is passed over")


_KINDS: Sequence[tuple[int, str]] = (
    (stat.S_IFIFO, "a pipe"),
    (stat.S_IFSOCK, "a socket"),
    (stat.S_IFBLK, "a device"),
    (stat.S_IFCHR, "a device"),
)
_Link = Literal["outside", "broken", "folder", "double", ""]


class _Walk:
    """One walk through a folder, that opens nothing but folders and follows no link to one."""

    def __init__(self, root: Path, own: str | None) -> None:
        self._root = root
        self._own = own
        self._taken: set[str] = set()  # real paths of documents, so that links to them are not read a second time

    def entries(self) -> Iterator[Found]:
        """Sorted by name; links after all else was seen, as they are judged by what they lead to."""
        found, links = [], []
        for entry in self._scanned():
            if isinstance(entry, Found):
                found.append(entry)
            else:
                links.append(entry)
        found += [self._link(path) for path in sorted(links)]
        yield from sorted(found, key=lambda entry: entry.relative)

    def _scanned(self) -> Iterator[Found | Path]:
        """What is found, and the links, of which more is known later."""
        folders = [self._root]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(folder) as scan:
                    entries = list(scan)
            except OSError as error:
                if folder == self._root:
                    raise ConfigError(f"{folder}: {error.strerror}") from error
                yield Found(self._name(folder), f"unreadable: the folder may not be opened ({error.strerror})", True)
                continue
            for entry in entries:
                path = Path(entry.path)
                if entry.name.startswith("."):
                    yield Found(self._name(path), "hidden: its name begins with a dot")
                elif entry.is_symlink():
                    yield path
                elif not entry.is_dir(follow_symlinks=False):
                    yield self._file(path)
                elif self._own is not None and os.path.realpath(path) == self._own:
                    yield Found(self._name(path), "output: the folder that reports are written to")
                else:
                    folders.append(path)

    def _file(self, path: Path) -> Found:
        name = self._name(path)
        try:
            mode = os.lstat(path).st_mode
        except OSError as error:
            return Found(name, f"unreadable: {error.strerror}", is_error=True)
        if not stat.S_ISREG(mode):
            kind = next((what for bits, what in _KINDS if stat.S_IFMT(mode) == bits), "no file")
            return Found(name, f"not_a_file: {kind}")
        return self._document(name, os.path.realpath(path))

    def _document(self, name: str, real: str) -> Found:
        from factcheck.documents import SUFFIXES, is_supported

        if not is_supported(name):
            known = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
            return Found(name, f"format: its name has no ending that is read ({known})")
        self._taken.add(real)
        return Found(name)

    def _link(self, path: Path) -> Found:
        name = self._name(path)
        try:
            real = path.resolve(strict=True)
            mode = real.stat().st_mode
        except (OSError, RuntimeError):
            return Found(name, "link: leads nowhere, or back to itself")
        if not real.is_relative_to(self._root):
            return Found(name, "link: leads out of the folder")
        if str(real) in self._taken:
            return Found(name, f"link: leads to {os.fspath(real.relative_to(self._root))!r}, which is read itself")
        if not stat.S_ISREG(mode):
            return Found(name, "link: leads to a folder" if stat.S_ISDIR(mode) else "link: leads to no file")
        return self._document(name, str(real))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()


def report_name(root: Path, relative: str) -> str:
    """Where the report on a document goes below the output folder: the same tree, the full name and ``.json``.

    A name that would be too long for a file, or is taken by a folder or by a file of our own, is told apart by a hash.
    It depends on this document and the folder alone, never on what else is checked.
    """
    path = PurePosixPath(relative)
    first, *rest = path.parts
    if rest and first in OUR_FILES:
        first = _hashed(first, first)
    name = f"{path.name}.json"
    if len(os.fsencode(name)) > LONGEST_NAME or (root / path.parent / name).is_dir():
        name = f"{_hashed(path.name, relative)}.json"
    return PurePosixPath(*((first, *rest[:-1]) if rest else ()), name).as_posix()


LONGEST_NAME = 255 - len(".reviews.jsonl")  # bytes: the decisions on a report are kept beside it
OUR_FILES: frozenset[str] = frozenset({"index.jsonl", "summary.md", "coverage.json"})


def _hashed(name: str, of: str) -> str:
    from hashlib import sha256

    room = LONGEST_NAME - len(".json") - 17
    kept = os.fsencode(name)[:room].decode("utf-8", errors="ignore")
    return f"{kept}~{sha256(os.fsencode(of)).hexdigest()[:16]}"
