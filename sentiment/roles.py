"""The file of roles: which of those who sign in may do what.

    owner = ["ann@example.org"]
    labeler = ["*@example.org"]     # everybody of a domain
    viewer = ["bob@example.com"]
    others = "none"                 # who signs in and is named nowhere: none (the default), viewer or labeler
    nobody = "none"                 # who does not sign in: none (the default) or viewer
    unverified_email = false        # whether to believe a provider that does not say that it has checked an address

It is `roles.toml` in the workspace, or what SENTIMENT_ROLES names, and it is read again whenever it changes. A file
that cannot be read, or says something else, lets nobody in.
"""

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from sentiment.access import HOST, Person, Role, is_demo
from sentiment.errors import AccessError, SentimentError
from sentiment.files import workspace_folder
from sentiment.numbers import number
from sentiment.shown import read_shown

ENVIRONMENT = "SENTIMENT_ROLES"
FILE_NAME = "roles.toml"
_MOST_BYTES = 1_000_000
_MOST_CHARS = 120  # of an address: labels keep as many of a name, and two must not become one
_ADDRESS = re.compile(r"[^@*\s]+@[^@*\s]+")
_PATTERN = re.compile(r"(\*|[^@*\s]+)@[^@*\s]+")
_LISTS = {"owner": Role.OWNER, "labeler": Role.LABELER, "viewer": Role.VIEWER}
_CHOICES = {
    "others": {"none": Role.NOBODY, "viewer": Role.VIEWER, "labeler": Role.LABELER},
    "nobody": {"none": Role.NOBODY, "viewer": Role.VIEWER},
}


@dataclass(frozen=True)
class Roles:
    """What a file of roles says.

    Attributes:
        patterns: addresses ("ann@example.org") and domains ("*@example.org"), in small letters, and their roles.
        others: the role of those who sign in and fit none of them.
        nobody: the role of those who do not sign in.
        unverified_email: whether an address counts that the provider does not say it has checked.
    """

    patterns: tuple[tuple[str, Role], ...] = ()
    others: Role = Role.NOBODY
    nobody: Role = Role.NOBODY
    unverified_email: bool = False

    def of(self, email: str) -> Role:
        """The highest role that fits a verified address."""
        if not email.isascii() or not _ADDRESS.fullmatch(email):  # letters that merely look like others fit nothing
            return self.others
        name, domain = email.lower().split("@")
        fitting = [role for pattern, role in self.patterns if pattern in (f"{name}@{domain}", f"*@{domain}")]
        return max(fitting, default=self.others)


def roles_path(workspace: Path) -> Path:
    """Where the file of roles of a workspace is, whether or not it is there."""
    return Path(os.environ.get(ENVIRONMENT) or workspace / FILE_NAME)


def read_roles(workspace: Path) -> Roles | None:
    """What the file of roles says; None if there is none, and none is named.

    Args:
        workspace: the workspace's folder.

    Raises:
        AccessError: if it cannot be read, or is not a file of roles.
    """
    path = roles_path(workspace)
    try:
        found = path.stat()
    except FileNotFoundError as error:
        if os.environ.get(ENVIRONMENT):
            raise _unusable(path, "it is not there") from error
        return None
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be read") from error
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, written: int, size: int) -> Roles:
    if size > _MOST_BYTES:
        raise _unusable(path, f"it has more than {number(_MOST_BYTES)} bytes")
    try:
        return parse_roles(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error).splitlines()[0][:200]) from error


def parse_roles(content: str) -> Roles:
    """What the content of a file of roles says.

    Raises:
        ValueError: saying what is wrong with it.
    """
    values = tomllib.loads(content)
    known = (*_LISTS, *_CHOICES, "unverified_email")
    if unknown := [name for name in values if name not in known]:
        raise ValueError(f"it says {unknown[0]!r}, which is none of {', '.join(known)}")
    unverified = values.get("unverified_email", False)
    if not isinstance(unverified, bool):
        raise ValueError("unverified_email is neither true nor false")
    patterns = tuple((pattern, role) for name, role in _LISTS.items() for pattern in _patterns(values, name))
    chosen = {name: _choice(values, name) for name in _CHOICES}
    return Roles(patterns, unverified_email=unverified, **chosen)


def _patterns(values: Mapping[str, Any], name: str) -> list[str]:
    found = values.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} is not a list of addresses")
    for pattern in found:
        if not isinstance(pattern, str) or not pattern.isascii() or not _PATTERN.fullmatch(pattern):
            raise ValueError(f"{str(pattern)[:60]!r} under {name} is neither name@domain nor *@domain")
    return [pattern.lower() for pattern in found]


def _choice(values: Mapping[str, Any], name: str) -> Role:
    choices, value = _CHOICES[name], values.get(name, "none")
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} is {str(value)[:40]!r}, which is none of {', '.join(choices)}")
    return choices[value]


def identify(roles: Roles | None, claims: Mapping[str, Any], *, sign_in: bool) -> Person:
    """The person who acts on a page.

    Args:
        roles: what the file of roles says; None if there is none.
        claims: what the provider of identities says of who has signed in; nothing for who has not.
        sign_in: whether signing in is set up.

    Raises:
        AccessError: if signing in is set up and nothing says who may do what.
    """
    if roles is None:
        if sign_in:
            raise AccessError(
                "People can sign in, but nothing says what they may do",
                expected=f"A file of roles: {FILE_NAME} in the workspace, or what {ENVIRONMENT} names",
                todo="Write it as docs/access.md shows, with your own address as owner",
            )
        return HOST
    if not sign_in or claims.get("is_logged_in") is not True:
        return Person(roles.nobody)
    email = claims.get("email")
    verified = claims.get("email_verified") is True or (roles.unverified_email and "email_verified" not in claims)
    if not isinstance(email, str) or not verified or len(email) > _MOST_CHARS:
        return Person(roles.nobody)
    return Person(roles.of(email), email.lower() if email.isascii() else email)


def _unusable(path: Path, why: str) -> AccessError:
    return AccessError(
        f"The file of roles {path.name} cannot be used: {why}",
        expected="Lists of addresses under owner, labeler and viewer",
        todo="Correct it as docs/access.md shows; until then nobody is let in",
    )


def main() -> int:
    """Checks what a server would be closed by (`python -m sentiment.roles`); returns the exit status."""
    try:
        read_roles(workspace_folder())
        if is_demo():
            read_shown(workspace_folder())
    except SentimentError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
