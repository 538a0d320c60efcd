"""The directives; what all of them say together is one mapping, in which None stands for a variable that was unset."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument

Variables = Mapping[str, str | None]


def _set(words: Words, _place: Place) -> Variables:
    return {_name(words[0]): words[1] if len(words) > 1 else ""}


def _pass(words: Words, _place: Place) -> Variables:
    return {name: os.environ[name] for name in map(_name, words) if name in os.environ}


def _unset(words: Words, _place: Place) -> Variables:
    return dict.fromkeys(map(_name, words))


def _name(word: str) -> str:
    if not word or "=" in word or "\0" in word:
        raise BadArgument(
            f"{word!r} is not the name of a variable", "a blank, not =, stands before the value"
        )
    return word


SET_ENV: Directive[Variables] = Directive(
    "SetEnv",
    many("variable [value]", _set, most=2),
    Context.ANYWHERE,
    {},
    "Sets a variable of each request, late: applications, logs and headers see it; SetEnvIf sets earlier.",
    append,
    append,
)
PASS_ENV: Directive[Variables] = Directive(
    "PassEnv",
    many("variable ...", _pass),
    Context.ANYWHERE,
    {},
    "Gives requests a variable of the environment in which the server was started.",
    append,
    append,
    part_of=SET_ENV,
)
UNSET_ENV: Directive[Variables] = Directive(
    "UnsetEnv",
    many("variable ...", _unset),
    Context.ANYWHERE,
    {},
    "Takes back what SetEnv and PassEnv say about a variable further out or further up.",
    append,
    append,
    part_of=SET_ENV,
)
DIRECTIVES = (SET_ENV, PASS_ENV, UNSET_ENV)
