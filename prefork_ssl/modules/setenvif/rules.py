"""What a line says, and what that does to a request.

    attribute        a text of the request: a header field, or what several are, a variable set before, or of the server
    pattern          what is looked for in it
    assignments      what is done to the request's variables if it is found

Where there is no such thing in a request, the text is empty; so ^$ finds what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.matching import Match, Pattern
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import Group, Template, bind_groups, parse_groups
from prefork_ssl.kernel.environment import variable_name
from prefork_ssl.kernel.expression.ap_expr import AP_EXPR
from prefork_ssl.kernel.expression.compiling import compile_expression
from prefork_ssl.kernel.expression.groups import group
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.kernel.octets import as_text
from prefork_ssl.kernel.variables import resolve

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

# What is set without a value.
_SET = "1"

# Apache takes any other attribute for a regular expression.
_FIELD_NAME = re.compile(r"[!#%&'_`~0-9A-Za-z-]+")
_OID = re.compile(r"OID\(.*\)", re.IGNORECASE)
_GROUP = re.compile(r"\$[0-9]")

# Names of mod_setenvif that variables do not have.
_OTHER_NAMES = {"REQUEST_PROTOCOL": "SERVER_PROTOCOL"}
# These tell of the request itself, and no variable set before takes their place.
_SPECIAL = frozenset(
    ("REMOTE_ADDR", "REMOTE_HOST", "SERVER_ADDR", "REQUEST_METHOD", "SERVER_PROTOCOL", "REQUEST_URI")
)

Step = Callable[["Request"], None]
# What references in values are filled in from.
Found = TypeVar("Found")
Assign = Callable[["dict[str, str]", Found], None]
Bind = Callable[[Template[Group]], Callable[[Found], str]]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`value` of a variable: a text, one with parts of what a pattern found, or None, which takes the variable away."""

    name: str
    value: str | Template[Group] | None


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """SetEnvIf attribute pattern assignments."""

    directive = "SetEnvIf"
    attribute: str
    pattern: Pattern
    assignments: tuple[Assignment, ...]
    origin: Origin

    def compile(self, modules: Sequence[Module]) -> Step:
        """What the line does. It raises OutOfTime. Raises BadArgument for an attribute that nobody knows."""
        search = self.pattern.search
        assign = _together(self.assignments, bind_groups)
        if not _FIELD_NAME.fullmatch(self.attribute) and not _OID.fullmatch(self.attribute):
            return _of_fields(compile_regex(self.attribute, "i"), search, assign)
        read = _reader(self.attribute, modules)

        def step(request: Request) -> None:
            found = search(read(request))
            if found is not None:
                assign(request.env, found)

        return step


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionRule:
    """SetEnvIfExpr expression assignments."""

    directive = "SetEnvIfExpr"
    expression: Expression
    assignments: tuple[Assignment, ...]
    origin: Origin

    def compile(self, modules: Sequence[Module]) -> Step:
        """What the line does. It raises EvaluationError and OutOfTime. Raises BadArgument for names that nobody
        knows."""
        groups = any(isinstance(each.value, Template) for each in self.assignments)
        holds = compile_expression(self.expression, AP_EXPR, modules, keep_groups=groups).holds
        assign = _together(self.assignments, _bind_last_match)

        def step(request: Request) -> None:
            if holds(request):
                assign(request.env, None)

        return step


def _reader(attribute: str, modules: Sequence[Module]) -> Callable[[Request], str]:
    """What has the name of a variable is no header field: clients could send one to be taken for somebody else."""
    name = _OTHER_NAMES.get(attribute.upper(), attribute)
    variable = resolve(name, modules)
    if variable is None and _OID.fullmatch(name):
        raise BadArgument(
            f"{name}: no module that is loaded knows extensions of certificates", "load ssl_module"
        )
    if variable is None:
        return _reader_of_field(attribute)
    if name.upper() in _SPECIAL or _OID.fullmatch(name):
        return variable

    def read(request: Request) -> str:
        value = request.env.get(attribute)
        return variable(request) if value is None else value

    return read


def _reader_of_field(attribute: str) -> Callable[[Request], str]:
    field = attribute.lower()

    def read(request: Request) -> str:
        octets = request.fields.get(field)
        return request.env.get(attribute, "") if octets is None else as_text(octets)

    return read


def _of_fields(names: Pattern, search: Callable[[str], Match | None], assign: Assign[Match]) -> Step:
    """The attribute is whatever field has such a name and such a value."""

    def step(request: Request) -> None:
        values = [octets for name, octets in request.fields.items() if names.search(name) is not None]
        for octets in values or ("",):
            found = search(as_text(octets))
            if found is not None:
                assign(request.env, found)
                return

    return step


def _together(assignments: Sequence[Assignment], bind: Bind[Found]) -> Assign[Found]:
    constants = {each.name: each.value for each in assignments if isinstance(each.value, str)}
    if len(constants) == len(assignments):
        return lambda env, _found: env.update(constants)

    bound = [
        (each.name, bind(each.value) if isinstance(each.value, Template) else each.value)
        for each in assignments
    ]

    def assign(env: dict[str, str], found: Found) -> None:
        for name, value in bound:
            if value is None:
                env.pop(name, None)
            elif isinstance(value, str):
                env[name] = value
            else:
                env[name] = value(found)

    return assign


def _bind_last_match(template: Template[Group]) -> Callable[[None], str]:
    """The groups are those of the regular expression that has matched last in an expression."""
    return template.bind(lambda part: lambda _found: group(part.number))


def parse_assignment(word: str, pattern: Pattern | None) -> Assignment:
    """[!]name[=value]; the value may have parts of what the pattern finds. Raises BadArgument."""
    name, equals, value = word.partition("=")
    if name.startswith("!"):
        return Assignment(variable_name(name[1:]), None)
    variable_name(name)
    if not equals:
        return Assignment(name, _SET)
    if "$" not in value:
        return Assignment(name, value)
    if pattern is not None:
        return Assignment(name, parse_groups(value, pattern))
    if _GROUP.search(value):
        raise BadArgument(
            f"{value!r} has groups, but the condition no regular expression",
            "write one, such as %{QUERY_STRING} =~ /id=([0-9]+)/",
        )
    return Assignment(name, value)
