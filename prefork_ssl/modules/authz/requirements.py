"""What can be required without knowing of any other module."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.words import split_words
from prefork_ssl.kernel.expression.ap_expr import AP_EXPR
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.parsing import parse
from prefork_ssl.kernel.networks import membership, parse_address, parse_network
from prefork_ssl.kernel.requirements import RequirementFactory, Test, Verdict, granted, granted_to_user

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

_READING = {"GET", "HEAD"}
_is_loopback = membership([parse_network("127.0.0.0/8"), parse_network("::1")])


def always_granted(_request: Request) -> Verdict:
    """Require all granted."""
    return Verdict.GRANTED


def always_denied(_request: Request) -> Verdict:
    """Require all denied."""
    return Verdict.DENIED


_ALL = {"granted": always_granted, "denied": always_denied}


def _all(arguments: str, _modules: Sequence[Module]) -> Test:
    if arguments.lower() not in _ALL:
        raise BadArgument(f"must be granted or denied, not {arguments!r}")
    return _ALL[arguments.lower()]


def _ip(arguments: str, _modules: Sequence[Module]) -> Test:
    inside = membership([parse_network(word) for word in _words(arguments, "addresses or networks")])
    return granted(lambda request: inside(request.transport.wire.peer[0]))


def _local(arguments: str, _modules: Sequence[Module]) -> Test:
    """The client is on this machine: its address is of the loopback network, or the one that it connected to."""
    _no_words(arguments)

    def is_local(request: Request) -> bool:
        wire = request.transport.wire
        return _is_loopback(wire.peer[0]) or parse_address(wire.peer[0]) == parse_address(wire.local[0])

    return granted(is_local)


def _host(_arguments: str, _modules: Sequence[Module]) -> Test:
    raise BadArgument("the names of clients are not looked up", "write Require ip with their addresses")


def _method(arguments: str, _modules: Sequence[Module]) -> Test:
    """GET and HEAD are the same, as in Apache."""
    methods = set(_words(arguments, "methods"))
    if methods & _READING:
        methods |= _READING
    return granted(lambda request: request.method in methods)


def _env(arguments: str, _modules: Sequence[Module]) -> Test:
    names = _words(arguments, "names of variables")
    return granted(lambda request: any(name in request.env or name in os.environ for name in names))


def _expr(arguments: str, modules: Sequence[Module]) -> Test:
    condition = compile_expression(parse(_unquoted(arguments)), AP_EXPR, modules)
    return granted(condition.holds)


def _unquoted(text: str) -> str:
    """The expression as a whole may stand in quotes."""
    words = split_words(text)
    return words[0] if len(words) == 1 and text[0] in "\"'" else text


def _user(arguments: str, _modules: Sequence[Module]) -> Test:
    names = frozenset(_words(arguments, "names of users"))
    return granted_to_user(lambda request: request.user in names)


def _valid_user(arguments: str, _modules: Sequence[Module]) -> Test:
    _no_words(arguments)
    return granted_to_user(lambda _request: True)


def _words(arguments: str, what: str) -> tuple[str, ...]:
    words = split_words(arguments)
    if not words:
        raise BadArgument(f"needs {what}")
    return words


def _no_words(arguments: str) -> None:
    if arguments:
        raise BadArgument(f"takes nothing more, and was given {arguments!r}")


REQUIREMENTS: Mapping[str, RequirementFactory] = {
    "all": _all,
    "ip": _ip,
    "local": _local,
    "host": _host,
    "forward-dns": _host,
    "method": _method,
    "env": _env,
    "expr": _expr,
    "user": _user,
    "valid-user": _valid_user,
}
