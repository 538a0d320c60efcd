"""Header and RequestHeader: the words of a line become a rule."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.kernel.expression.parsing import Expression, parse, parse_mixture
from prefork_ssl.modules.headers.formats import Format, parse_format, parse_replacement
from prefork_ssl.modules.headers.names import field_name
from prefork_ssl.modules.headers.rules import Action, Edit, Noted, Rule

_ACTIONS = {action.value: action for action in Action}
_OF_REQUESTS = {name: action for name, action in _ACTIONS.items() if action not in (Action.ECHO, Action.NOTE)}

# What follows the name; one value where nothing is said here.
_ARGUMENTS = {
    Action.UNSET: (),
    Action.ECHO: (),
    Action.EDIT: ("a regular expression", "a replacement"),
    Action.EDIT_ALL: ("a regular expression", "a replacement"),
    Action.NOTE: ("the name of a note",),
}
_VALUE = ("a value",)

_EXPRESSION, _VARIABLE = "expr=", "env="


def _header(words: Words, place: Place) -> tuple[Rule, ...]:
    kind = words[0].lower()
    if kind in ("always", "onsuccess"):
        return (_rule("Header", _ACTIONS, words[1:], place, always=kind == "always"),)
    return (_rule("Header", _ACTIONS, words, place, always=False),)


def _request_header(words: Words, place: Place) -> tuple[Rule, ...]:
    return (_rule("RequestHeader", _OF_REQUESTS, words, place, always=False),)


def _rule(directive: str, actions: Mapping[str, Action], words: Words, place: Place, *, always: bool) -> Rule:
    if len(words) < 2:
        raise BadArgument("needs an action and the name of a field", f"actions are {', '.join(actions)}")
    action = _action(words[0], actions)
    arguments, rest = _arguments(action, words[2:])
    early = bool(rest) and rest[0].lower() == "early"
    return Rule(
        directive=directive,
        words=words,
        action=action,
        name=words[1] if action is Action.ECHO else field_name(words[1]),
        value=_value(*arguments),
        pattern=compile_regex(words[1], "i") if action is Action.ECHO else None,
        condition=None if early else _condition(rest),
        early=early,
        always=always,
        origin=place.origin,
    )


def _action(word: str, actions: Mapping[str, Action]) -> Action:
    action = actions.get(word.lower())
    if action is None:
        near = difflib.get_close_matches(word.lower(), actions, 1)
        hint = f"did you mean {near[0]}?" if near else f"actions are {', '.join(actions)}"
        raise BadArgument(f"{word!r} is not an action", hint)
    return action


def _arguments(action: Action, words: Words) -> tuple[Words, Words]:
    """What the action needs, and the condition, if there is one."""
    needed = _ARGUMENTS.get(action, _VALUE)
    if len(words) < len(needed):
        raise BadArgument(f"{action.value} needs {' and '.join(needed)} behind the name")
    arguments, rest = words[: len(needed)], words[len(needed) :]
    if len(rest) > 1:
        raise BadArgument(
            f"there is too much on the line, from {rest[0]!r} on", "what has blanks goes in quotes"
        )
    return arguments, rest


def _value(*arguments: str) -> Format | Expression | Edit:
    """Nothing, a value, or a regular expression and the replacement for what it finds."""
    *regex, word = arguments or ("",)
    if not regex:
        return _mixture(word) or parse_format(word)
    pattern = compile_regex(regex[0])
    return Edit(pattern, _mixture(word) or parse_replacement(word, pattern))


def _mixture(word: str) -> Expression | None:
    if not word.lower().startswith(_EXPRESSION):
        return None
    return parse_mixture(word[len(_EXPRESSION) :])


def _condition(words: Words) -> Noted | Expression | None:
    if not words:
        return None
    (word,) = words
    if word.lower().startswith(_EXPRESSION):
        return parse(word[len(_EXPRESSION) :])
    name = word[len(_VARIABLE) :] if word.lower().startswith(_VARIABLE) else ""
    if not name.removeprefix("!"):
        raise BadArgument(
            f"condition must be early, env=[!]name or expr=expression, not {word!r}",
            "a value with blanks goes in quotes",
        )
    return Noted(name.removeprefix("!"), name.startswith("!"))


_CONDITION = "[early|env=[!]name|expr=expression]"


def _lines(
    name: str, syntax: str, convert: Callable[[Words, Place], tuple[Rule, ...]], doc: str
) -> Directive[tuple[Rule, ...]]:
    """All lines count, those of outer sections first."""
    return Directive(name, many(syntax, convert), Context.ANYWHERE, (), doc, append, append)


HEADER = _lines(
    "Header",
    f"[always|onsuccess] {'|'.join(_ACTIONS)} field [[expr=]value [replacement]] {_CONDITION}",
    _header,
    "Changes the fields of responses. Without always, those that the server makes itself in place of what was asked "
    "for, pages of errors and redirections, are left alone.",
)
REQUEST_HEADER = _lines(
    "RequestHeader",
    f"{'|'.join(_OF_REQUESTS)} field [[expr=]value [replacement]] {_CONDITION}",
    _request_header,
    "Changes the fields of requests, before applications and servers behind this one see them.",
)

DIRECTIVES = (HEADER, REQUEST_HEADER)
