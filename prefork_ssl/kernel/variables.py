"""Variables by name: one look-up for conditions, log formats, headers and the environment of applications.

A name is resolved when the configuration is built, into a function of the request; so an unknown name is found early
and the request path makes no search.

The core's names are those of mod_ssl's ssl_var_lookup, and CONTENT_TYPE and REQUEST_STATUS, which tell of the response
once there is one. `HTTP:Name` is any header field, `ENV:NAME` a note of the request or, without one, the server's own
environment, `SSL:NAME` the variable NAME, as mod_rewrite writes it.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from prefork_ssl.kernel.directives import DOCUMENT_ROOT, SERVER_ADMIN
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.http.software import server_software
from prefork_ssl.kernel.octets import as_text

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

# The value in this request, as text (kernel/octets.py); "" where there is none.
Variable = Callable[["Request"], str]

# Resolves a name of the family (the whole name, in upper case but for what follows a DN part) or returns None.
VariableFamily = Callable[[str], Variable | None]

# The generation of this interface, which SSLRequire can compare as API_VERSION.
API_VERSION = "1"

# Header fields with a variable of their own. Any other is reached as HTTP:Name.
_HEADERS = (
    "HTTP_ACCEPT",
    "HTTP_COOKIE",
    "HTTP_FORWARDED",
    "HTTP_HOST",
    "HTTP_PROXY_CONNECTION",
    "HTTP_REFERER",
    "HTTP_USER_AGENT",
)


def resolve(name: str, modules: Iterable[Module]) -> Variable | None:
    """The variable of this name, or None if nobody knows it.

    Names compare without regard to case, but for the component of a distinguished name (SSL_CLIENT_S_DN_emailAddress).
    """
    kind, colon, rest = name.partition(":")
    if colon:
        return _prefixed(kind.upper(), rest, modules)
    name = _canonical(name)
    return _CORE.get(name) or _of_modules(name, tuple(modules))


def _prefixed(kind: str, name: str, modules: Iterable[Module]) -> Variable | None:
    if not name:
        return None
    if kind == "HTTP":
        return _header(name.lower())
    if kind == "ENV":
        return lambda request: request.env.get(name) or os.environ.get(name, "")
    return resolve(name, modules) if kind == "SSL" and ":" not in name else None


def _canonical(name: str) -> str:
    upper = name.upper()
    end = upper.find("_DN_") + len("_DN_")
    return upper[:end] + name[end:] if end >= len("_DN_") else upper


def _of_modules(name: str, modules: tuple[Module, ...]) -> Variable | None:
    if name == "SERVER_SOFTWARE":
        software = functools.cache(lambda host: server_software(host.settings, modules))
        return lambda request: software(request.host)
    for module in modules:
        for prefix, family in module.variables.items():
            found = family(name) if name.startswith(prefix) else None
            if found is not None:
                return found
    return None


def _header(field: str) -> Variable:
    return lambda request: as_text(request.fields.get(field, ""))


def _clock(form: str) -> Variable:
    return lambda request: time.strftime(form, time.localtime(request.started))


def _server_name(request: Request) -> str:
    return request.host_name or server_name(request.host.settings).name


def _status(request: Request) -> str:
    return str(request.response.status) if request.response else ""


def _content_type(request: Request) -> str:
    if request.response is None:
        return ""
    held = (value for name, value in request.response.headers if name.lower() == "content-type")
    return as_text(request.response.media_type or next(held, ""))


def _secure(yes: str, no: str) -> Variable:
    return lambda request: yes if request.transport.secure else no


_CORE: Mapping[str, Variable] = {
    **{name: _header(name.removeprefix("HTTP_").lower().replace("_", "-")) for name in _HEADERS},
    "API_VERSION": lambda _request: API_VERSION,
    "AUTH_TYPE": lambda request: request.auth_type or "",
    "CONTENT_TYPE": _content_type,
    "DOCUMENT_ROOT": lambda request: str(request.host.settings[DOCUMENT_ROOT] or ""),
    "HTTPS": _secure("on", "off"),
    "IS_SUBREQ": lambda request: "false" if request.previous is None else "true",
    "PATH_INFO": lambda request: request.path_info,
    "QUERY_STRING": lambda request: as_text(request.query or ""),
    "REMOTE_ADDR": lambda request: request.transport.wire.peer[0],
    "REMOTE_HOST": lambda request: request.transport.wire.peer[0],  # names are not looked up
    "REMOTE_IDENT": lambda _request: "",  # nor is RFC 1413 spoken
    "REMOTE_PORT": lambda request: str(request.transport.wire.peer[1]),
    "REMOTE_USER": lambda request: request.user or "",
    "REQUEST_FILENAME": lambda request: request.filename or "",
    "REQUEST_METHOD": lambda request: request.method,
    "REQUEST_SCHEME": _secure("https", "http"),
    "REQUEST_STATUS": _status,
    "REQUEST_URI": lambda request: request.path,
    "SCRIPT_FILENAME": lambda request: request.filename or "",
    "SERVER_ADDR": lambda request: request.transport.wire.local[0],
    "SERVER_ADMIN": lambda request: request.host.settings[SERVER_ADMIN],
    "SERVER_NAME": _server_name,
    "SERVER_PORT": lambda request: str(request.transport.wire.local[1]),
    "SERVER_PROTOCOL": lambda request: request.version,
    "THE_REQUEST": lambda request: as_text(request.line),
    "TIME": _clock("%Y%m%d%H%M%S"),
    "TIME_DAY": _clock("%d"),
    "TIME_HOUR": _clock("%H"),
    "TIME_MIN": _clock("%M"),
    "TIME_MON": _clock("%m"),
    "TIME_SEC": _clock("%S"),
    "TIME_WDAY": _clock("%w"),
    "TIME_YEAR": _clock("%Y"),
}
CORE_NAMES = tuple(_CORE)
