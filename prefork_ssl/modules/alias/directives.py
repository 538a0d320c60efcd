"""The directives of aliases and redirections."""

from __future__ import annotations

import re
from collections.abc import Callable

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append, prepend
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import bind_groups, parse_groups
from prefork_ssl.kernel.files.paths import tidied
from prefork_ssl.kernel.http.redirects import quote_path
from prefork_ssl.modules.alias.rules import Alias, Redirection, remainder

_STATUS_WORDS = {"permanent": 301, "temp": 302, "seeother": 303, "gone": 410}
_BARE_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]+", re.IGNORECASE)


def _alias(words: Words, place: Place) -> tuple[Alias, ...]:
    prefix, file = words
    _must_be_path(prefix)
    folder = str(place.path(file))

    def target(path: str) -> str | None:
        rest = remainder(prefix, path)
        if rest is None:
            return None
        return tidied(f"{folder}/{rest.removeprefix('/')}") if rest or path.endswith("/") else folder

    return (Alias(target=target, folder=folder),)


def _alias_match(words: Words, place: Place) -> tuple[Alias, ...]:
    pattern = compile_regex(words[0])
    template = parse_groups(str(place.path(words[1])), pattern)
    expand = bind_groups(template)

    def target(path: str) -> str | None:
        match = pattern.search(path)
        return tidied(expand(match)) if match else None

    folder = template.beginning.rpartition("/")[0] or "/"
    return (Alias(target=target, folder=folder),)


def _redirect(words: Words, _place: Place) -> tuple[Redirection, ...]:
    """[status] [URL-path] [URL]"""
    status, rest = _status(words)
    return _redirection(status, rest)


def _redirect_with(status: int) -> Callable[[Words, Place], tuple[Redirection, ...]]:
    return lambda words, _place: _redirection(status, words)


def _redirection(status: int, words: Words) -> tuple[Redirection, ...]:
    words, url = _take_url(status, words)
    if len(words) > 1:
        raise BadArgument(f"does not know what {words[1]!r} is for")
    if not words:
        if url.startswith("/"):
            raise BadArgument("needs a URL after the path, or the whole URL of another host")
        return (Redirection(target=lambda _path: url, status=status),)
    (prefix,) = words
    _must_be_path(prefix)
    if prefix.endswith("/") and _BARE_AUTHORITY.fullmatch(url):
        url += "/"  # or else /.evil.example would end up in the name of the host

    def target(path: str) -> str | None:
        rest = remainder(prefix, path)
        return None if rest is None else url and url + quote_path(rest)

    return (Redirection(target=target, status=status),)


def _redirect_match(words: Words, _place: Place) -> tuple[Redirection, ...]:
    """[status] regex [URL]"""
    status, rest = _status(words)
    rest, url = _take_url(status, rest)
    if len(rest) != 1:
        raise BadArgument("takes one regular expression")
    pattern = compile_regex(rest[0])
    expand = bind_groups(parse_groups(url, pattern), quote_path)

    def target(path: str) -> str | None:
        match = pattern.search(path)
        return expand(match) if match else None

    return (Redirection(target=target, status=status),)


def _status(words: Words) -> tuple[int, Words]:
    """The status that the line begins with, 302 without one, and the other words."""
    first = words[0].lower()
    if first in _STATUS_WORDS:
        return _STATUS_WORDS[first], words[1:]
    if not first.isdigit():
        return 302, words
    if not (300 <= int(first[:4]) <= 599) or first == "304":
        raise BadArgument(f"status must be from 300 to 599 and not 304, but is {words[0]}")
    return int(first), words[1:]


def _take_url(status: int, words: Words) -> tuple[Words, str]:
    """The other words, and the URL at the end, which belongs to redirections only."""
    if status >= 400:
        if any("://" in word for word in words):
            raise BadArgument(f"status {status} is no redirection and takes no URL")
        return words, ""
    url = words[-1] if words else ""
    if url.startswith("//") or not (url.startswith(("/", "$")) or "://" in url):
        raise BadArgument("needs a URL, or a path that begins with one '/', at the end")
    return words[:-1], url


def _must_be_path(word: str) -> None:
    if not word.startswith("/"):
        raise BadArgument(f"URL path must begin with '/', unlike {word!r}")


ALIAS: Directive[tuple[Alias, ...]] = Directive(
    "Alias",
    many("URL-path file", _alias, least=2, most=2),
    Context.HOST,
    (),
    "Serves a file or folder from outside DocumentRoot.",
    append,
    prepend,
)
ALIAS_MATCH: Directive[tuple[Alias, ...]] = Directive(
    "AliasMatch",
    many("regex file", _alias_match, least=2, most=2),
    Context.HOST,
    (),
    "Alias for URL paths that a regular expression finds; $1 is what its first group found.",
    append,
    prepend,
)
REDIRECT: Directive[tuple[Redirection, ...]] = Directive(
    "Redirect",
    many("[status] [URL-path] [URL]", _redirect, most=3),
    Context.ANYWHERE,
    (),
    "Sends clients to another URL, or answers with an error status such as gone or 404.",
    append,
    prepend,
)
REDIRECT_MATCH: Directive[tuple[Redirection, ...]] = Directive(
    "RedirectMatch",
    many("[status] regex [URL]", _redirect_match, most=3),
    Context.ANYWHERE,
    (),
    "Redirect for URL paths that a regular expression finds; $1 is what its first group found.",
    append,
    prepend,
)
REDIRECT_PERMANENT: Directive[tuple[Redirection, ...]] = Directive(
    "RedirectPermanent",
    many("[URL-path] URL", _redirect_with(301), most=2),
    Context.ANYWHERE,
    (),
    "Redirect with status 301.",
    append,
    prepend,
)
REDIRECT_TEMP: Directive[tuple[Redirection, ...]] = Directive(
    "RedirectTemp",
    many("[URL-path] URL", _redirect_with(302), most=2),
    Context.ANYWHERE,
    (),
    "Redirect with status 302.",
    append,
    prepend,
)

ALIASES = (ALIAS, ALIAS_MATCH)
REDIRECTS = (REDIRECT, REDIRECT_MATCH, REDIRECT_PERMANENT, REDIRECT_TEMP)
