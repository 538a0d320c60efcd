"""What each % directive stands for: a constant of the host, or a function of the request and its response.

Whatever a client has a say in is escaped.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.dispatch.hosts import ServerName
from prefork_ssl.kernel.log.text import escape_item
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.octets import as_octets
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.variables import resolve
from prefork_ssl.modules.log_config.times import UNITS, duration, moment

Item = str | Callable[[Request, Response], str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the host whose log it is. `unknown` is told the names of variables that no module has."""

    server_name: ServerName
    modules: Sequence[Module]
    unknown: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A directive: `make` gets its argument, which `check` has accepted (it raises BadArgument)."""

    make: Callable[[str, Surroundings], Item]
    check: Callable[[str, str], None]


# --- arguments ---


def _none(written: str, argument: str) -> None:
    if argument:
        raise BadArgument(f"{written} takes no argument in braces")


def _name(written: str, argument: str) -> None:
    if not argument:
        raise BadArgument(f"{written} needs a name in braces")


def _choice(*known: str) -> Callable[[str, str], None]:
    def check(written: str, argument: str) -> None:
        if argument not in ("", *known):
            raise BadArgument(f"{written}: the argument must be {' or '.join(known)}")

    return check


# --- values ---


def _text(value: str | None) -> str:
    """Text, such as a path or a name: its bytes, not its characters, are what the client sent."""
    return "-" if value is None else escape_item(as_octets(value))


def _client(_argument: str, _surroundings: Surroundings) -> Item:
    return lambda request, _response: request.transport.wire.peer[0]


def _local_address(_argument: str, _surroundings: Surroundings) -> Item:
    return lambda request, _response: request.transport.wire.local[0]


def _port(argument: str, surroundings: Surroundings) -> Item:
    if argument == "remote":
        return lambda request, _response: str(request.transport.wire.peer[1])
    if argument != "local" and surroundings.server_name.port is not None:
        return str(surroundings.server_name.port)
    return lambda request, _response: str(request.transport.wire.local[1])


def _request_field(argument: str, _surroundings: Surroundings) -> Item:
    name = argument.lower()

    def field(request: Request, _response: Response) -> str:
        value = request.header(name)
        return "-" if value is None else escape_item(value)

    return field


def _response_field(argument: str, _surroundings: Surroundings) -> Item:
    name = argument.lower()

    def field(_request: Request, response: Response) -> str:
        values = [value for key, value in response.headers if key.lower() == name]
        if name == "content-length" and not values and response.length is not None:
            return str(response.length)
        return escape_item(", ".join(values)) if values else "-"

    return field


def _cookie(argument: str, _surroundings: Surroundings) -> Item:
    def cookie(request: Request, _response: Response) -> str:
        for pair in (request.header("cookie") or "").split(";"):
            name, equals, value = pair.strip().partition("=")
            if equals and name.lower() == argument.lower():
                return escape_item(value)
        return "-"

    return cookie


def _variable(argument: str, surroundings: Surroundings) -> Item:
    variable = resolve(argument, surroundings.modules)
    if variable is None:
        surroundings.unknown(argument)
        return "-"
    return lambda request, _response: _text(variable(request)) or "-"


# mod_ssl's %{name}c, from before there were variables.
_LEGACY = {
    "version": "SSL_PROTOCOL",
    "cipher": "SSL_CIPHER",
    "subjectdn": "SSL_CLIENT_S_DN",
    "clientcert": "SSL_CLIENT_S_DN",
    "issuerdn": "SSL_CLIENT_I_DN",
    "cacert": "SSL_CLIENT_I_DN",
    "errstr": "SSL_CLIENT_VERIFY",
    "errcode": "",
}


def _legacy_variable(argument: str, surroundings: Surroundings) -> Item:
    name = _LEGACY[argument]
    variable = resolve(name, surroundings.modules) if name else None
    if variable is None:
        return "-"
    if argument != "errstr":
        return lambda request, _response: _text(variable(request)) or "-"

    def error(request: Request, _response: Response) -> str:
        verdict, colon, text = variable(request).partition(":")
        return escape_item(text) if verdict == "FAILED" and colon else "-"

    return error


def _process(argument: str, _surroundings: Surroundings) -> Item:
    if argument == "tid":
        return lambda _request, _response: str(threading.get_native_id())
    if argument == "hextid":
        return lambda _request, _response: f"{threading.get_native_id():x}"
    return lambda _request, _response: str(os.getpid())


def _named_host(_argument: str, surroundings: Surroundings) -> Item:
    name = escape_item(surroundings.server_name.name)
    return lambda request, _response: escape_item(request.host_name) or name


def _note(argument: str, _surroundings: Surroundings) -> Item:
    return lambda request, _response: _text(request.env.get(argument))


def _after(_argument: str, _surroundings: Surroundings) -> Item:
    """Whether the response got through (X if not), and whether the connection stayed open for more (+) or not (-)."""

    def state(request: Request, response: Response) -> str:
        cut = request.method != "HEAD" and response.length is not None and response.sent < response.length
        return "X" if cut else "-" if response.close else "+"

    return state


def _bytes_received(request: Request) -> int:
    """Request line, header fields and body, without the framing of chunks and of TLS."""
    fields = sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers)
    return len(request.line) + len("\r\n") + fields + len("\r\n") + request.body.received


def _bytes_sent(response: Response) -> int:
    """Status line, header fields and body, without the framing of chunks and of TLS."""
    return response.head_size + response.sent


def _plain(function: Callable[[Request, Response], str]) -> Kind:
    return Kind(lambda _argument, _surroundings: function, _none)


_CLIENT = Kind(_client, _choice("c"))

ITEMS: dict[str, Kind] = {
    "A": Kind(_local_address, _none),
    "a": _CLIENT,
    "B": _plain(lambda _request, response: str(response.sent)),
    "b": _plain(lambda _request, response: str(response.sent or "-")),
    "C": Kind(_cookie, _name),
    "c": Kind(_legacy_variable, _choice(*_LEGACY)),
    "D": Kind(lambda _argument, _surroundings: duration("us"), _none),
    "e": Kind(_note, _name),
    "f": _plain(lambda request, _response: _text(request.filename)),
    "H": _plain(lambda request, _response: escape_item(request.version)),
    "h": _CLIENT,
    "I": _plain(lambda request, _response: str(_bytes_received(request))),
    "i": Kind(_request_field, _name),
    "k": _plain(lambda request, _response: str(request.number)),
    "l": Kind(lambda _argument, _surroundings: "-", _none),
    "m": _plain(lambda request, _response: escape_item(request.method)),
    "n": Kind(_note, _name),
    "O": _plain(lambda _request, response: str(_bytes_sent(response))),
    "o": Kind(_response_field, _name),
    "P": Kind(_process, _choice("pid", "tid", "hextid")),
    "p": Kind(_port, _choice("canonical", "local", "remote")),
    "q": _plain(lambda request, _response: escape_item("" if request.query is None else f"?{request.query}")),
    "R": _plain(lambda request, _response: _text(request.handler)),
    "r": _plain(lambda request, _response: escape_item(request.line)),
    "S": _plain(lambda request, response: str(_bytes_received(request) + _bytes_sent(response))),
    "s": _plain(lambda _request, response: str(response.status)),
    "T": Kind(lambda argument, _surroundings: duration(argument), _choice(*filter(None, UNITS))),
    "t": Kind(lambda argument, _surroundings: moment(argument), lambda _written, _argument: None),
    "U": _plain(lambda request, _response: _text(request.path)),
    "u": _plain(lambda request, _response: '""' if request.user == "" else _text(request.user)),
    "V": Kind(_named_host, _none),
    "v": Kind(lambda _argument, surroundings: escape_item(surroundings.server_name.name), _none),
    "X": Kind(_after, _none),
    "x": Kind(_variable, _name),
}
