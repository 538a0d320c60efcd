"""The key=value words at the end of a ProxyPass line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from prefork_ssl.config.arguments import duration
from prefork_ssl.config.errors import BadArgument


@dataclass(frozen=True, slots=True)
class Parameters:
    """How a backend's connections are used. Times in seconds; None: what ProxyTimeout says.

    max: connections of each worker, 0 for any number; acquire: how long a request waits for one of them. timeout: how
    long the backend may be silent; connectiontimeout: how long connecting may take. ttl: how long a connection is kept
    unused. retry: how long a backend that could not be reached is left alone. disablereuse: one request for each
    connection. keepalive: whether the system asks now and then if an idle connection is still there (for firewalls that
    forget it). upgrade: the protocols that a connection may change to.
    """

    max: int = 0
    acquire: float | None = None
    timeout: float | None = None
    connectiontimeout: float | None = None
    ttl: float = 60.0
    retry: float = 0.0
    disablereuse: bool = False
    keepalive: bool = False
    upgrade: tuple[str, ...] = ("websocket",)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadArgument(f"must be a whole number, not {text!r}")
    return int(text)


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise BadArgument(f"must be on or off, not {text!r}")
    return text.lower() == "on"


def positive(text: str) -> float:
    seconds = duration(text)
    if not seconds:
        raise BadArgument("must be longer than 0")
    return seconds


def _protocols(text: str) -> tuple[str, ...]:
    names = tuple(text.lower().split(","))
    if "h2c" in names or "any" in names:
        raise BadArgument(
            "cannot be h2c or ANY: requests within such a connection would pass by all access control",
            "name the protocols that are meant",
        )
    return () if names == ("none",) else names


# Key -> the parameter that it sets, and what to make of its value.
_KNOWN: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "max": ("max", _number),
    "acquire": ("acquire", lambda text: duration(text, "ms")),
    "timeout": ("timeout", positive),
    "connectiontimeout": ("connectiontimeout", positive),
    "ttl": ("ttl", duration),
    "retry": ("retry", duration),
    "disablereuse": ("disablereuse", _switch),
    "enablereuse": ("disablereuse", lambda text: not _switch(text)),
    "keepalive": ("keepalive", _switch),
    "upgrade": ("upgrade", _protocols),
}
# Apache's for what needs no setting here: the least connections of a pool, and buffers, of which there are none.
_WITHOUT_EFFECT = frozenset(("min", "smax", "flushpackets", "flushwait", "iobuffersize", "receivebuffersize"))
_HINTS = {
    "nocanon": "leave it out: paths are handed on in their normal form, and those with %2F are answered 404",
    **dict.fromkeys(
        (
            "route",
            "stickysession",
            "loadfactor",
            "lbmethod",
            "lbset",
            "nofailover",
            "redirect",
            "failonstatus",
        ),
        "a ProxyPass has one server behind it: leave out what is for several",
    ),
}
SYNTAX = " ".join(f"[{key}=...]" for key in _KNOWN)


def parse_parameters(words: Iterable[str]) -> Parameters:
    """Raises BadArgument."""
    parameters = Parameters()
    for word in words:
        key, equals, text = word.partition("=")
        if equals and key.lower() in _WITHOUT_EFFECT:
            continue
        if not equals or key.lower() not in _KNOWN:
            known = f"known are {', '.join(_KNOWN)}, each with = and a value"
            raise BadArgument(f"does not know {word!r}", _HINTS.get(key.lower(), known))
        name, read = _KNOWN[key.lower()]
        try:
            parameters = replace(parameters, **{name: read(text)})
        except BadArgument as error:
            raise BadArgument(f"{key}= {error}", error.hint) from None
    return parameters
