"""How users are asked who they are, and where their names and passwords are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import Words, many, one
from prefork_ssl.config.directives import Context, Directive, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.auth_basic.changing_file import ChangingFile, entries

UserFile = ChangingFile[Mapping[str, str]]
GroupFile = ChangingFile[Mapping[str, frozenset[str]]]

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def _realm(word: str, _place: Place) -> str:
    if not word or _UNPRINTABLE.search(word):
        raise BadArgument("must be a text without control characters")
    return word


def _passwords(contents: bytes) -> Mapping[str, str]:
    """Hashes by user; what follows another colon is a comment."""
    return {name: value.partition(":")[0] for name, value in entries(contents)}


def _groups(contents: bytes) -> Mapping[str, frozenset[str]]:
    """Users by group; a group's users may be on several lines."""
    groups: dict[str, frozenset[str]] = {}
    for name, users in entries(contents):
        groups[name] = groups.get(name, frozenset()) | frozenset(users.split())
    return groups


def _user_file(word: str, place: Place) -> UserFile:
    return ChangingFile(arguments.existing_file.parse((word,), place), _passwords)


def _group_file(word: str, place: Place) -> GroupFile:
    return ChangingFile(arguments.existing_file.parse((word,), place), _groups)


def _providers(words: Words, _place: Place) -> Words:
    for word in words:
        if word.lower() != "file":
            raise BadArgument(f"must be file, not {word!r}", "users are looked up in AuthUserFile")
    return words


AUTH_TYPE: Directive[str | None] = Directive(
    "AuthType",
    arguments.choice(basic="Basic", none=None),
    Context.DIRECTORY,
    None,
    "How users say who they are: by name and password (Basic), or not at all.",
)
AUTH_NAME = Directive(
    "AuthName",
    one("realm", _realm),
    Context.DIRECTORY,
    "",
    "What the password is for; browsers show it. Default: the name of the host.",
)
AUTH_USER_FILE: Directive[UserFile | None] = Directive(
    "AuthUserFile",
    one("file", _user_file),
    Context.DIRECTORY,
    None,
    "Names and hashed passwords as htpasswd writes them: bcrypt, $apr1$, SHA-crypt, {SHA}. Read again when changed.",
)
AUTH_GROUP_FILE: Directive[GroupFile | None] = Directive(
    "AuthGroupFile",
    one("file", _group_file),
    Context.DIRECTORY,
    None,
    "Groups for Require group, a line for each: its name, a colon, its users. Read again when changed.",
)
AUTH_BASIC_PROVIDER = Directive(
    "AuthBasicProvider",
    many("file", _providers),
    Context.DIRECTORY,
    ("file",),
    "Where users are looked up: there is only file, which is AuthUserFile.",
)

DIRECTIVES = (AUTH_TYPE, AUTH_NAME, AUTH_USER_FILE, AUTH_GROUP_FILE, AUTH_BASIC_PROVIDER)
