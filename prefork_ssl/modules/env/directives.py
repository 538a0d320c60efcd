"""The directives: each line is a number of changes, made one after the other, those of outer scopes first."""

from __future__ import annotations

import os
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import Origin
from prefork_ssl.kernel.environment import variable_name


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` is given to the variable; None takes it away."""

    name: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Undefined:
    """A variable that was to be passed on, and that the server has not got: nothing changes."""

    name: str
    origin: Origin


Changes = tuple[Setting | Undefined, ...]


def variables_after(changes: Changes) -> dict[str, str]:
    """The variables that all changes together make."""
    found: dict[str, str] = {}
    for change in changes:
        if isinstance(change, Undefined):
            continue
        if change.value is None:
            found.pop(change.name, None)
        else:
            found[change.name] = change.value
    return found


def _set(words: Words, _place: Place) -> Changes:
    return (Setting(variable_name(words[0]), words[1] if len(words) > 1 else ""),)


def _pass(words: Words, place: Place) -> Changes:
    return tuple(_passed(variable_name(word), place) for word in words)


def _passed(name: str, place: Place) -> Setting | Undefined:
    value = os.environ.get(name)
    return Undefined(name, place.origin) if value is None else Setting(name, value)


def _unset(words: Words, _place: Place) -> Changes:
    return tuple(Setting(variable_name(word), None) for word in words)


SET_ENV: Directive[Changes] = Directive(
    "SetEnv",
    many("variable [value]", _set, most=2),
    Context.ANYWHERE,
    (),
    "Sets a variable of each request, late: applications, logs and headers see it; SetEnvIf sets earlier.",
    append,
    append,
)
PASS_ENV: Directive[Changes] = Directive(
    "PassEnv",
    many("variable ...", _pass),
    Context.ANYWHERE,
    (),
    "Gives requests a variable of the environment in which the server was started.",
    append,
    append,
    part_of=SET_ENV,
)
UNSET_ENV: Directive[Changes] = Directive(
    "UnsetEnv",
    many("variable ...", _unset),
    Context.ANYWHERE,
    (),
    "Takes back what SetEnv and PassEnv say about a variable further out or further up.",
    append,
    append,
    part_of=SET_ENV,
)
DIRECTIVES = (SET_ENV, PASS_ENV, UNSET_ENV)
