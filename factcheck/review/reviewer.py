"""Who decides at the page, unless they say so themselves."""

from __future__ import annotations

import getpass
import subprocess

from factcheck.errors import ConfigError
from factcheck.text import printable

_LONGEST = 200  # characters of a name in the file of decisions


def reviewer_name(given: str | None) -> str:
    """The name given, else git's ``user.name``, else that of the login. Raises ConfigError where there is none."""
    name = _plain(given) if given is not None else _plain(_git_name()) or _plain(_login())
    if not name:
        raise ConfigError("no name to put under decisions; give yours with --reviewer")
    if len(name) > _LONGEST:
        raise ConfigError(f"--reviewer takes at most {_LONGEST} characters")
    return name


def _plain(name: str) -> str:
    return printable(name.strip())


def _git_name() -> str:
    try:
        found = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return found.stdout


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return ""
