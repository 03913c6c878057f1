"""Files and folders: what may be opened, and what of a folder is a document."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from factcheck.documents.formats import suffix_type
from factcheck.errors import ReadError

STDIN = "-"


def is_supported(path: str | Path) -> bool:
    """Whether the name ends as a format that can be read does."""
    return suffix_type(str(path)) is not None


def list_documents(folder: str | Path) -> list[Path]:
    """Every file below ``folder`` that can be read, sorted by path; a file given instead of a folder is the list.

    Hidden files, special files and linked folders are passed over, as are links that leave the folder and links to
    a file that is listed anyway. A folder that may not be opened is listed itself, so that reading it says so.
    Raises ReadError: ``missing``, ``unreadable``.
    """
    return [path for path in _files(folder) if is_supported(path) or os.path.isdir(path)]


def list_ignored(folder: str | Path) -> list[Path]:
    """The files below ``folder`` that ``list_documents`` leaves out because of their format."""
    return [path for path in _files(folder) if not is_supported(path) and not os.path.isdir(path)]


def _files(folder: str | Path) -> list[Path]:
    name = checked_name(folder)
    root = Path(folder)
    try:
        mode = os.stat(root).st_mode
    except (OSError, ValueError) as error:
        raise _error(name, error) from error
    if not stat.S_ISDIR(mode):
        return [root]
    found = sorted(_walked(root), key=str)
    real = {path.resolve() for path in found if is_supported(path) and not os.path.islink(path)}
    inside = root.resolve()
    kept = []
    for path in found:
        if os.path.islink(path):
            target = _target(path)
            if target is None or target in real or not target.is_relative_to(inside):
                continue
            real.add(target)
        kept.append(path)
    return kept


def _walked(root: Path) -> Iterator[Path]:
    closed: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=lambda error: closed.append(Path(error.filename))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and _may_be_file(path):
                yield path
    yield from closed


def _may_be_file(path: Path) -> bool:
    """Whether it is a file; where the folder does not even let that be seen, reading it says so."""
    try:
        return path.is_file()
    except OSError:
        return True


def _target(link: Path) -> Path | None:
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop
        return None


def checked_name(source: str | Path) -> str:
    """The source as text. Raises ReadError, naming it escaped, where the file name is not valid Unicode."""
    name = os.fspath(source)
    if any("\ud800" <= char <= "\udfff" for char in name):
        escaped = os.fsencode(name).decode("utf-8", errors="backslashreplace")
        raise ReadError(escaped, "unreadable", "the file name is not valid Unicode; rename the file")
    return name


def read_file(path: Path, *, most: int) -> bytes:
    """The bytes of a regular file. Raises ReadError; a file that is too large is not read at all."""
    name = str(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise _error(name, error) from error
    try:
        _check_kind(os.fstat(descriptor), name=name, most=most)
        with open(descriptor, "rb", closefd=False) as file:
            return within(file.read(most + 1), source=name, most=most)
    except OSError as error:
        raise _error(name, error) from error
    finally:
        os.close(descriptor)


def _check_kind(found: os.stat_result, *, name: str, most: int) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ReadError(name, "not_a_file", "is a folder; give a file")
    if not stat.S_ISREG(found.st_mode):
        raise ReadError(name, "not_a_file", "is a pipe or device, not a file; read it from stdin with -")
    if found.st_size > most:
        raise ReadError(name, "too_large", too_many_bytes(found.st_size, most))


def read_stdin(*, most: int) -> bytes:
    """The bytes of stdin, up to the limit. Raises ReadError."""
    try:
        data = sys.stdin.buffer.read(most + 1) if sys.stdin is not None else b""
    except OSError as error:
        raise _error(STDIN, error) from error
    return within(data, source=STDIN, most=most)


def within(data: bytes, *, source: str, most: int) -> bytes:
    """The data, if it is something and not too much. Raises ReadError: ``empty``, ``too_large``."""
    if len(data) > most:
        raise ReadError(source, "too_large", too_many_bytes(len(data), most))
    if not data.strip():
        raise ReadError(source, "empty", "holds nothing to read")
    return data


def too_many_bytes(size: int, most: int) -> str:
    return f"has {size / 1e6:,.0f} MB or more; factcheck reads up to {most / 1e6:,.0f} MB at once, so split it"


def _error(name: str, error: OSError | ValueError) -> ReadError:
    if not isinstance(error, OSError):
        return ReadError(name, "unreadable", "is not a possible file name")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ReadError(name, "missing", "there is no such file")
    if error.errno == errno.ELOOP:
        return ReadError(name, "unreadable", "is a link that leads back to itself")
    if error.errno in (errno.EACCES, errno.EPERM):
        return ReadError(name, "unreadable", "may not be read; check its permissions")
    if error.errno == errno.EISDIR:
        return ReadError(name, "not_a_file", "is a folder; give a file")
    if error.errno == errno.ENXIO:
        return ReadError(name, "not_a_file", "is a pipe or device, not a file; read it from stdin with -")
    return ReadError(name, "unreadable", f"cannot be opened ({error.strerror})")
