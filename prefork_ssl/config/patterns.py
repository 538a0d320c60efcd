"""How a directory section's argument matches: Apache's plain paths, wildcards and regular expressions.

`*` and `?` match anything but "/", `[...]` one character of a set, never "/". In arguments that have wildcards, a
backslash takes its meaning from the next character.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from prefork_ssl.config.engines import compile_expression
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Pattern

_WILDCARD = re.compile(
    r"""
      (?P<any>\*+)
    | (?P<one>\?)
    | \[(?P<negated>[!^]?)(?P<set>\]?(?:\\.|[^\]\\])*)\]
    | \\(?P<escaped>.)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_SPECIAL = re.compile(r"[*?\[\\]")
_MEMBER = re.compile(r"\\(?P<escaped>.)|[\[&~|^]", re.DOTALL)


def directory_wildcard(text: str, server_root: Path) -> str:
    """The argument of <Directory> as an absolute wildcard, without "." and "..", that ends in a slash."""
    if not text:
        raise BadArgument("needs the path of a directory")
    wildcard = text if has_wildcards(text) else _literal(text)
    path = posixpath.normpath(posixpath.join(_literal(str(server_root)), wildcard)).strip("/")
    return f"/{path}/" if path else "/"


def directory_pattern(wildcard: str) -> Pattern:
    """Matches the path, with a trailing slash, of the directory and of all below it."""
    return _compiled(wildcard)


def file_pattern(text: str) -> Pattern:
    """Matches a file's base name."""
    if not text or "/" in text:
        raise BadArgument(f"needs the name of a file without a path, not {text!r}")
    return _compiled(text if has_wildcards(text) else _literal(text), r"\Z")


def wildcard_pattern(text: str) -> Pattern:
    """Matches what is like `text` as a whole."""
    return _compiled(text, r"\Z")


def location_pattern(text: str) -> Pattern:
    """Matches a URL path: a plain one also all below it, one with wildcards nothing below it (as in Apache)."""
    if not text.startswith(("/", "*", "?", "[")):
        raise BadArgument(f"needs a URL path that begins with '/', not {text!r}")
    if has_wildcards(text):
        return _compiled(text, r"\Z")
    return _compiled(_literal(text), "" if text.endswith("/") else r"(?:/|\Z)")


def _literal(text: str) -> str:
    """The wildcard that matches `text` and nothing else."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def has_wildcards(text: str) -> bool:
    """Whether `text` has a `*`, a `?` or a whole `[...]` that no backslash precedes."""
    found = _WILDCARD.finditer(text)
    return any(part["any"] or part["one"] or part["set"] is not None for part in found)


def _compiled(wildcard: str, end: str = "") -> Pattern:
    try:
        expression = r"\A" + "".join(map(_translated, _WILDCARD.finditer(wildcard))) + end
        return compile_expression(wildcard, expression, "")
    except re.error as error:
        raise BadArgument(f"{wildcard!r} is not a pattern: {error.msg}") from None


def _translated(part: re.Match[str]) -> str:
    if part["any"]:
        return "[^/]*"
    if part["one"]:
        return "[^/]"
    if part["set"] is not None:
        members = _MEMBER.sub(lambda member: re.escape(member["escaped"] or member[0]), part["set"])
        if part["negated"]:
            return f"[^/{members}]" if members[0] != "-" else f"[^/\\{members}]"
        return _without_slash(f"[{members}]")
    return re.escape(part["escaped"] or part["plain"])


def _without_slash(characters: str) -> str:
    """A range may have it inside."""
    return f"(?!/){characters}" if "-" in characters or "/" in characters else characters
