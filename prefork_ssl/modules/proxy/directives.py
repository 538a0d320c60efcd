"""The directives of the proxy."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from prefork_ssl.config.arguments import Words, many, on_off, one
from prefork_ssl.config.directives import Context, Directive, Place, append, prepend
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.kernel.networks import Network, parse_network
from prefork_ssl.modules.proxy.backends import parse_url
from prefork_ssl.modules.proxy.parameters import SYNTAX, parse_parameters, positive
from prefork_ssl.modules.proxy.reverse import CookieMapping, Mapping
from prefork_ssl.modules.proxy.routes import Destination, Route, below, matching, split_template

_KEEP_HERE = "!"


def _pass(words: Words, place: Place) -> tuple[Route, ...]:
    """[path] url|! [key=value ...]"""
    prefix, (url, *rest) = (words[0], words[1:] or ("",)) if words[0].startswith("/") else ("", words)
    if not url:
        raise BadArgument("needs the URL of a server, or '!', behind the path")
    if url == _KEEP_HERE:
        _must_be_all(rest)
        return (Route(None, "", below(prefix, "") if prefix else None),)
    backend, base = parse_url(url, place)
    destination = Destination(backend, parse_parameters(rest))
    return (Route(destination, base, below(prefix, base) if prefix else None),)


def _pass_match(words: Words, place: Place) -> tuple[Route, ...]:
    """regex url|! [key=value ...]"""
    expression, url, *rest = words
    pattern = compile_regex(expression)
    if url == _KEEP_HERE:
        _must_be_all(rest)
        return (Route(None, "", matching(pattern, "")),)
    server, path = split_template(url)
    backend, _ = parse_url(server, place)
    return (Route(Destination(backend, parse_parameters(rest)), path, matching(pattern, path)),)


def _must_be_all(rest: list[str]) -> None:
    if rest:
        raise BadArgument(f"does not know what {rest[0]!r} is for")


def _pass_reverse(words: Words, place: Place) -> tuple[Mapping, ...]:
    path, url = words if len(words) == 2 else ("", words[0])
    if path and not path.startswith("/"):
        raise BadArgument(f"path must begin with '/', unlike {path!r}")
    if not url.startswith("/"):
        backend, base = parse_url(url, place)
        url = f"{backend.scheme}://{backend.authority}{base}"
    return (Mapping(path, url),)


def _cookie(attribute: str, words: Words) -> tuple[CookieMapping, ...]:
    return (CookieMapping(attribute, *words),)


def _off(word: str, _place: Place) -> bool:
    if word.lower() != "off":
        raise BadArgument("can only be Off: this is no forward proxy", "use a server that is one")
    return False


def _networks(words: Words, _place: Place) -> tuple[Network, ...]:
    return tuple(parse_network(word) for word in words)


def _overridden(words: Words, _place: Place) -> Container[int]:
    switch, *codes = words
    on = on_off.parse((switch,), _place)
    for code in codes:
        if not (code.isascii() and code.isdigit() and 400 <= int(code[:4]) <= 599):
            raise BadArgument(f"a status must be from 400 to 599, not {code!r}")
    if not on:
        return frozenset()
    return frozenset(map(int, codes)) or range(400, 600)


ANYWHERE, HOST = Context.ANYWHERE, Context.HOST

PROXY_PASS: Directive[tuple[Route, ...]] = Directive(
    "ProxyPass",
    many(f"[path] url|! {SYNTAX}", _pass),
    ANYWHERE,
    (),
    "Hands the URLs below a path on to another server, http://name:port/path, https://name/path or "
    "unix:/socket|http://name/path; '!' keeps them here. In a <Location> without the path. The first line that is for "
    "a URL decides. timeout= is how long the server may be silent, connectiontimeout= how long connecting may take, "
    "ttl= how long a connection is kept unused (60), retry= how long a server is left alone that could not be reached "
    "(0): seconds, or 500ms, 2min and the like. acquire= is how many milliseconds a request waits for one of the max= "
    "connections of a worker. disablereuse=on (or enablereuse=off) is for one request per connection, keepalive=on for "
    "firewalls that forget idle ones. upgrade= are the protocols that a connection may change to (websocket), none for "
    "none.",
    append,
    prepend,
)
PROXY_PASS_MATCH: Directive[tuple[Route, ...]] = Directive(
    "ProxyPassMatch",
    many(f"regex url|! {SYNTAX}", _pass_match, least=2),
    HOST,
    (),
    "ProxyPass for URL paths that a regular expression finds; $1 in the url's path is what its first group found.",
    append,
    prepend,
    part_of=PROXY_PASS,
)
PROXY_PASS_REVERSE: Directive[tuple[Mapping, ...]] = Directive(
    "ProxyPassReverse",
    many("[path] url", _pass_reverse, most=2),
    ANYWHERE,
    (),
    "Changes the URLs in Location, Content-Location and URI fields that begin with url to those of this host below "
    "path. In a <Location> without the path.",
    append,
    prepend,
)
PROXY_PASS_REVERSE_COOKIE_DOMAIN: Directive[tuple[CookieMapping, ...]] = Directive(
    "ProxyPassReverseCookieDomain",
    many("internal-domain public-domain", lambda words, _: _cookie("domain", words), least=2, most=2),
    ANYWHERE,
    (),
    "Changes the domain of cookies that the servers behind this one set.",
    append,
    prepend,
)
PROXY_PASS_REVERSE_COOKIE_PATH: Directive[tuple[CookieMapping, ...]] = Directive(
    "ProxyPassReverseCookiePath",
    many("internal-path public-path", lambda words, _: _cookie("path", words), least=2, most=2),
    ANYWHERE,
    (),
    "Changes the beginning of the path of cookies that the servers behind this one set.",
    append,
    prepend,
)
PROXY_REQUESTS = Directive(
    "ProxyRequests",
    one("Off", _off),
    HOST,
    False,
    "Off: this server hands on what its own URLs lead to, and is no proxy for whatever clients ask for.",
)
PROXY_PRESERVE_HOST = Directive(
    "ProxyPreserveHost", on_off, ANYWHERE, False, "Whether the Host field is handed on as the client sent it."
)
PROXY_ERROR_OVERRIDE: Directive[Container[int]] = Directive(
    "ProxyErrorOverride",
    many("on|off [status ...]", _overridden),
    ANYWHERE,
    frozenset(),
    "Whether errors (400 to 599, or of the given statuses) that the servers behind this one tell get this server's "
    "pages, those of ErrorDocument, in place of theirs.",
    default_text="off",
)
PROXY_TIMEOUT: Directive[float | None] = Directive(
    "ProxyTimeout",
    one("seconds", lambda word, _place: positive(word)),
    HOST,
    None,
    "How long the servers behind this one may be silent; in tunnels, both sides. Default: Timeout.",
)
PROXY_ADD_HEADERS = Directive(
    "ProxyAddHeaders",
    on_off,
    ANYWHERE,
    True,
    "Whether X-Forwarded-For, -Host, -Server and -Proto tell the servers behind this one of the client.",
)
PROXY_TRUST_FORWARDED: Directive[tuple[Network, ...]] = Directive(
    "ProxyTrustForwarded",
    many("address|network ...", _networks),
    HOST,
    (),
    "The clients, such as another proxy, whose own X-Forwarded-* fields are handed on. All others' are removed.",
    append,
)

DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive)
)
