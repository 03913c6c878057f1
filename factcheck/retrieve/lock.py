"""One writer at a time: a lock beside a store, and who holds it."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from factcheck.errors import StoreError

WAIT_S = 5.0


@contextmanager
def writer_lock(folder: Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Holds the store in ``folder`` for writing. Raises StoreError naming the holder when it does not come free.

    The lock goes with its process, however that ends.
    """
    lock = FileLock(folder / "store.lock", thread_local=False)
    holder = folder / "store.holder.json"
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        raise StoreError(
            "store_locked",
            f"{folder}: the store is being written by {holder_of(holder)}; wait until that is done and try again",
        ) from None
    except (OSError, NotImplementedError) as error:
        raise StoreError(
            "store_unwritable",
            f"{folder}: the store cannot be written ({getattr(error, 'strerror', None) or error}); "
            "permit writing or use a folder of your own",
        ) from error
    try:
        _leave_name(holder)
        yield
    finally:
        with suppress(OSError):  # a name left behind misleads nobody while nobody holds the lock
            holder.unlink()
        lock.release()


def holder_of(holder: Path) -> str:
    """The holder in words, as far as it left its name."""
    try:
        left = json.loads(holder.read_text(encoding="utf-8"))
        return f"process {int(left['pid'])} on {left['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def me() -> dict[str, str | int]:
    """How this process names itself to others."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def process_is_gone(holder: Mapping[str, object]) -> bool:
    """Whether ``me()`` of somebody names a process of this machine that no longer runs."""
    if holder.get("host") != socket.gethostname() or not isinstance(holder.get("pid"), int) or os.name != "posix":
        return False
    try:
        os.kill(int(str(holder["pid"])), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _leave_name(holder: Path) -> None:
    """A courtesy to others; a full disk must not keep us from what we hold."""
    try:
        holder.write_text(json.dumps(me()), encoding="utf-8")
    except OSError:
        return
