"""What a value is in a request: text that can do no harm in a header field.

Whatever a value is made of may come from the client: its certificate, its own fields, the path. So control characters,
CR, LF and NUL among them, become a blank each. A PEM certificate is then on one line, as Apache passes it on, and a
name with "\\r\\nSet-Cookie: ..." in it stays one field; to take them out would join what they part. Text is written as
UTF-8, and so what came as a header field keeps its bytes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Match
from prefork_ssl.config.template import Group
from prefork_ssl.kernel.expression.mixture import compile_mixture
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.kernel.expression.values import near
from prefork_ssl.kernel.octets import as_octets
from prefork_ssl.kernel.variables import CORE_NAMES, resolve
from prefork_ssl.modules.headers.formats import Format, Item, Replacement

if TYPE_CHECKING:
    from prefork_ssl.kernel.hooks import Environment
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

Get = Callable[["Request"], str]
Replace = Callable[["Request", Match], str]

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What mod_headers writes for a variable that is not there.
_NOTHING = "(null)"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of where a rule stands: all modules, and what they tell applications of a request."""

    modules: Sequence[Module]
    environments: Sequence[Environment] = ()

    def noted(self, request: Request, name: str) -> str | None:
        """A variable of the request's environment, each character a byte; None if it is not there."""
        note = request.env.get(name)
        if note is not None:
            return as_octets(note)
        for told in self.environments:
            value = told(request).get(name)
            if isinstance(value, str):
                return value
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A value; `constant` is what it always is, if so."""

    get: Get
    constant: str | None = None


def compile_value(value: Format | Expression, surroundings: Surroundings) -> Text:
    """A value without groups. Raises BadArgument for names that nobody knows."""
    if isinstance(value, Expression):
        return _of_expression(value, surroundings)
    get = value.bind(lambda item: _get(item, surroundings))
    if value.text is not None:
        constant = value.text.strip(" ")
        return Text(lambda _request: constant, constant)
    return Text(lambda request: _clean(get(request)).strip(" "))


def compile_replacement(value: Replacement | Expression, surroundings: Surroundings) -> Replace:
    """What replaces a match. What the groups have matched is not taken for anything but text. Raises BadArgument."""
    if isinstance(value, Expression):
        get_whole = _of_expression(value, surroundings).get
        return lambda request, _match: get_whole(request)

    def meaning(reference: Item | Group) -> Callable[[tuple[Request, Match]], str]:
        if isinstance(reference, Group):
            number = reference.number
            return lambda place: place[1][number] or ""
        get = _get(reference, surroundings)
        return lambda place: get(place[0])

    fill = value.bind(meaning)
    return lambda request, match: _clean(fill((request, match)))


def _of_expression(expression: Expression, surroundings: Surroundings) -> Text:
    value = compile_mixture(expression, surroundings.modules)
    get = value.get
    if value.constant is not None:
        constant = _clean(as_octets(value.constant)).strip(" ")
        return Text(lambda _request: constant, constant)
    return Text(lambda request: _clean(as_octets(get(request))).strip(" "))


def _get(item: Item, surroundings: Surroundings) -> Get:
    if item.letter == "e":
        return lambda request: _NOTHING if (note := surroundings.noted(request, item.name)) is None else note
    return _variable(item.name, surroundings) if item.letter == "s" else _MEASURED[item.letter]


def _variable(name: str, surroundings: Surroundings) -> Get:
    variable = resolve(name, surroundings.modules)
    if variable is None:
        raise BadArgument(f"no module that is loaded has a variable {name}", _hint(name))
    return lambda request: as_octets(variable(request)) or _NOTHING


def _hint(name: str) -> str:
    if name.upper().startswith("SSL_"):
        return "LoadModule ssl_module brings those of TLS"
    return near(name.upper(), CORE_NAMES) or f"what RewriteRule and the like have set is %{{{name}}}e"


_MEASURED: dict[str, Get] = {
    # microseconds since 1970, and since the request came
    "t": lambda request: f"t={request.started * 1e6:.0f}",
    "D": lambda request: f"D={(time.time() - request.started) * 1e6:.0f}",
    "l": lambda _request: "l={:.2f}/{:.2f}/{:.2f}".format(*os.getloadavg()),
}


def _clean(text: str) -> str:
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(" ", text)
