"""Expressions compiled and asked of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.expression.ap_expr import AP_EXPR
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.condition import Condition
from prefork_ssl.kernel.expression.dialect import Dialect
from prefork_ssl.kernel.expression.parsing import parse
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import NO_BODY, Request

PEER = "192.0.2.7"


def request(
    *fields: tuple[str, str],
    method: str = "GET",
    secure: bool = True,
    env: Mapping[str, str] | None = None,
    **set_by: Any,
) -> Request:
    """A request for /a/b?x=1 with these header fields. `set_by` are attributes that phases would set."""
    wire = SimpleNamespace(peer=(PEER, 40000), local=("192.0.2.1", 443))
    transport: Any = SimpleNamespace(wire=wire, secure=secure)
    made = Request(method, "/a/b?x=1", "HTTP/1.1", list(fields), NO_BODY, transport)
    made.path, made.query, made.host_name = "/a/b", "x=1", "www.example.com"
    made.host = Host(Settings(), ())
    made.env = dict(env or {})
    for name, value in set_by.items():
        setattr(made, name, value)
    return made


def texts(**values: str) -> Module:
    """A module with variables TEXT_NAME of these values."""
    known = {f"TEXT_{name}": value for name, value in values.items()}

    def family(name: str) -> Any:
        return (lambda _request: known[name]) if name in known else None

    return Module(name="texts", variables={"TEXT_": family})


def condition(text: str, dialect: Dialect = AP_EXPR, modules: Sequence[Module] = ()) -> Condition:
    """The expression, compiled."""
    return compile_expression(parse(text), dialect, modules)


def holds(text: str, asked: Request | None = None, dialect: Dialect = AP_EXPR, **values: str) -> bool:
    """Whether it holds of the request, with variables TEXT_NAME of these values."""
    return condition(text, dialect, [texts(**values)]).holds(asked or request())


def mistake(text: str, dialect: Dialect = AP_EXPR) -> list[str]:
    """What is wrong with it: the message with its hint, and the place in the text."""
    with pytest.raises(BadArgument) as caught:
        condition(text, dialect)
    error = caught.value
    message = f"{error} ({error.hint})" if error.hint else str(error)
    return [message, *(line[4:] for line in error.excerpt.lines)] if error.excerpt else [message]
