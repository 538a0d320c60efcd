"""The [flags] of RewriteRule and RewriteCond, by their short and long names."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.rewrite.template import Template, parse_template, split

# Rounds that N may start: each is all rules over a text that may be long. Apache's 10000 would take a worker seconds.
_ROUNDS = 1000

_STATUS_WORDS = {"": 302, "permanent": 301, "temp": 302, "seeother": 303}


@dataclass(frozen=True, slots=True)
class Cookie:
    """CO=name:value:domain:lifetime:path:secure:httponly:samesite. `lifetime` in minutes; "" for none."""

    name: str
    value: Template
    domain: Template
    lifetime: Template
    path: Template
    secure: bool = False
    http_only: bool = False
    same_site: str = ""


@dataclass(frozen=True, slots=True)
class Escaping:
    """B: how the groups of patterns are encoded where they are put in. `only`: these characters; `but`: all except
    these, which are not letters and digits; `plus`: blanks become + and not %20."""

    only: str = ""
    but: str = ""
    plus: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleFlags:
    """`status` is that of R, F or G. `env` has None for a variable that is unset. `rounds`: of N, 0 without it."""

    chain: bool = False
    nocase: bool = False
    last: bool = False
    end: bool = False
    proxy: bool = False
    passthrough: bool = False
    noescape: bool = False
    nosubreq: bool = False
    discardpath: bool = False
    qsappend: bool = False
    qsdiscard: bool = False
    qslast: bool = False
    unsafe_allow_3f: bool = False
    unsafe_prefix_stat: bool = False
    skip: int = 0
    rounds: int = 0
    status: int = 0
    handler: str = ""
    type: str = ""
    escaping: Escaping | None = None
    env: tuple[tuple[str, Template | None], ...] = ()
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConditionFlags:
    """`ornext`: this one or the next. `novary` is for caches, which we have not."""

    nocase: bool = False
    ornext: bool = False
    novary: bool = False


_RULE_SWITCHES = {
    "c": "chain",
    "chain": "chain",
    "nc": "nocase",
    "nocase": "nocase",
    "l": "last",
    "last": "last",
    "end": "end",
    "p": "proxy",
    "proxy": "proxy",
    "pt": "passthrough",
    "passthrough": "passthrough",
    "ne": "noescape",
    "noescape": "noescape",
    "ns": "nosubreq",
    "nosubreq": "nosubreq",
    "dpi": "discardpath",
    "discardpath": "discardpath",
    "qsa": "qsappend",
    "qsappend": "qsappend",
    "qsd": "qsdiscard",
    "qsdiscard": "qsdiscard",
    "qsl": "qslast",
    "qslast": "qslast",
    "unsafeallow3f": "unsafe_allow_3f",
    "unsafeprefixstat": "unsafe_prefix_stat",
}
_CONDITION_SWITCHES = {
    "nc": "nocase",
    "nocase": "nocase",
    "or": "ornext",
    "ornext": "ornext",
    "nv": "novary",
    "novary": "novary",
}

_Change = Callable[[RuleFlags, str], RuleFlags]


def _redirect(flags: RuleFlags, text: str) -> RuleFlags:
    status = _STATUS_WORDS.get(text.lower()) or _number(text)
    if not 300 <= status <= 599 or status == 304:
        raise BadArgument(f"must be a status from 300 to 599 and not 304, but is {text}")
    return replace(flags, status=status)


def _skip(flags: RuleFlags, text: str) -> RuleFlags:
    return replace(flags, skip=_number(text))


def _next(flags: RuleFlags, text: str) -> RuleFlags:
    return replace(flags, rounds=_number(text) if text else _ROUNDS)


def _handler(flags: RuleFlags, text: str) -> RuleFlags:
    return replace(flags, handler=_given(text, "the name of a handler").lower())


def _type(flags: RuleFlags, text: str) -> RuleFlags:
    if not _given(text, "a media type").isprintable() or "/" not in text or not text.isascii():
        raise BadArgument(f"{text!r} is not a media type", "write one such as text/html")
    return replace(flags, type=text)


def _env(flags: RuleFlags, text: str) -> RuleFlags:
    name, _, value = text.partition(":")
    unset = name.startswith("!")
    name = _given(name.removeprefix("!"), "the name of a variable")
    if "%" in name or "$" in name:
        raise BadArgument(f"the name of a variable must be the same for all requests, unlike {name!r}")
    return replace(flags, env=(*flags.env, (name, None if unset else parse_template(value))))


def _escape(flags: RuleFlags, text: str) -> RuleFlags:
    return replace(flags, escaping=replace(flags.escaping or Escaping(), only=text))


def _escape_but(flags: RuleFlags, text: str) -> RuleFlags:
    return replace(flags, escaping=replace(flags.escaping or Escaping(), but=_given(text, "characters")))


def _no_plus(flags: RuleFlags, text: str) -> RuleFlags:
    _nothing(text)
    return replace(flags, escaping=replace(flags.escaping or Escaping(), plus=False))


def _controls(flags: RuleFlags, text: str) -> RuleFlags:
    _nothing(text)
    only = "".join(map(chr, range(0x21))) + "\x7f"
    return replace(flags, escaping=replace(flags.escaping or Escaping(), only=only))


def _status(status: int) -> _Change:
    def change(flags: RuleFlags, text: str) -> RuleFlags:
        _nothing(text)
        return replace(flags, status=status)

    return change


def _cookie(flags: RuleFlags, text: str) -> RuleFlags:
    """With a ';' in front, fields are separated by ';' and values may have colons."""
    separator = ";" if text.startswith(";") else ":"
    fields = _fields(parse_template(text.removeprefix(";")), separator)
    if len(fields) < 2 or not fields[0].text:
        raise BadArgument("needs a name and a value, as in CO=name:value")
    texts = [field.text or "" for field in fields] + [""] * 8
    name, value, *rest = fields
    domain, lifetime, path = ([*rest, Template(), Template(), Template()])[:3]
    cookie = Cookie(
        name.text or "",
        value,
        domain,
        lifetime,
        path,
        texts[5].lower() in ("secure", "true", "1"),
        texts[6].lower() in ("httponly", "true", "1"),
        texts[7],
    )
    if any(character in '()<>@,;:\\"/[]?={} \t' or not character.isprintable() for character in cookie.name):
        raise BadArgument(f"{cookie.name!r} is not the name of a cookie")
    return replace(flags, cookies=(*flags.cookies, cookie))


def _fields(template: Template, separator: str) -> list[Template]:
    first, rest = split(template, separator)
    return [first] if rest is None else [first, *_fields(rest, separator)]


_RULE_VALUES: Mapping[str, _Change] = {
    "r": _redirect,
    "redirect": _redirect,
    "f": _status(403),
    "forbidden": _status(403),
    "g": _status(410),
    "gone": _status(410),
    "s": _skip,
    "skip": _skip,
    "n": _next,
    "next": _next,
    "h": _handler,
    "handler": _handler,
    "t": _type,
    "type": _type,
    "e": _env,
    "env": _env,
    "co": _cookie,
    "cookie": _cookie,
    "b": _escape,
    "bne": _escape_but,
    "bnp": _no_plus,
    "backrefnoplus": _no_plus,
    "bctls": _controls,
}


def parse_rule_flags(text: str) -> RuleFlags:
    """[name,name=value,...] of a RewriteRule. Raises BadArgument."""
    flags = RuleFlags()
    for name, value in _items(text):
        switch, change = _RULE_SWITCHES.get(name.lower()), _RULE_VALUES.get(name.lower())
        try:
            if switch is not None:
                _nothing(value)
                changed: dict[str, Any] = {switch: True}
                flags = replace(flags, **changed)
            elif change is not None:
                flags = change(flags, value)
            else:
                raise _unknown(name, {*_RULE_SWITCHES, *_RULE_VALUES})
        except BadArgument as error:
            raise BadArgument(f"flag {name}: {error}", error.hint) from None
    return flags


def parse_condition_flags(text: str) -> ConditionFlags:
    """[name,...] of a RewriteCond. Raises BadArgument."""
    found: dict[str, bool] = {}
    for name, value in _items(text):
        switch = _CONDITION_SWITCHES.get(name.lower())
        if switch is None or value:
            raise BadArgument(f"flag {name}: {_unknown(name, _CONDITION_SWITCHES)}")
        found[switch] = True
    return ConditionFlags(**found)


def _items(text: str) -> Iterator[tuple[str, str]]:
    if not (text.startswith("[") and text.endswith("]")):
        raise BadArgument(f"flags must stand in brackets, unlike {text!r}", "write them as in [R=301,L]")
    for item in text[1:-1].split(","):
        name, _, value = item.strip().partition("=")
        yield name.strip(), value.strip()


def _unknown(name: str, known: Iterable[str]) -> BadArgument:
    near = difflib.get_close_matches(name.lower(), known, 1, 0.3)
    meant = f": did you mean {near[0].upper() if len(near[0]) < 4 else near[0]}?" if near else ""
    return BadArgument(f"there is no such flag{meant}")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8):
        raise BadArgument(f"needs a number, not {text!r}")
    return int(text)


def _given(text: str, what: str) -> str:
    if not text:
        raise BadArgument(f"needs {what}")
    return text


def _nothing(text: str) -> None:
    if text:
        raise BadArgument(f"takes no value, and was given {text!r}")
