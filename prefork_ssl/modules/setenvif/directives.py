"""The directives; whichever a line is written with, its rule is one of SetEnvIf's, in the order of the text."""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import Template
from prefork_ssl.kernel.expression.compiling import patterns
from prefork_ssl.kernel.expression.parsing import parse
from prefork_ssl.modules.setenvif.padding import without_padding
from prefork_ssl.modules.setenvif.rules import ExpressionRule, Rule, parse_assignment

Rules = tuple[Rule | ExpressionRule, ...]
Parser = Callable[[Words, Place], Rules]


def _set_env_if(flags: str) -> Parser:
    return lambda words, place: _rule(words[0], words[1], words[2:], place, flags)


def _browser_match(flags: str) -> Parser:
    return lambda words, place: _rule("User-Agent", words[0], words[1:], place, flags)


def _rule(attribute: str, regex: str, words: Words, place: Place, flags: str) -> Rules:
    compile_regex(attribute)  # it may be an expression; mistakes in it are to be known now
    pattern = compile_regex(regex, flags)
    assignments = tuple(parse_assignment(word, pattern) for word in words)
    if not any(isinstance(each.value, Template) for each in assignments):
        pattern = compile_regex(without_padding(regex), flags)
    return (Rule(attribute, pattern, assignments, place.origin),)


def _set_env_if_expr(words: Words, place: Place) -> Rules:
    expression = parse(words[0])
    # The last of several that matches counts, as in the expression itself.
    pattern = max(patterns(expression), key=lambda pattern: pattern.groups, default=None)
    assignments = tuple(parse_assignment(word, pattern) for word in words[1:])
    return (ExpressionRule(expression, assignments, place.origin),)


_ASSIGNMENTS = "[!]variable[=value] ..."

SET_ENV_IF: Directive[Rules] = Directive(
    "SetEnvIf",
    many(f"attribute regex {_ASSIGNMENTS}", _set_env_if(""), least=3),
    Context.ANYWHERE,
    (),
    "Sets variables of requests whose header field, address, method, path or other attribute is like this; $1 in a "
    "value is what the first group found.",
    append,
    append,
)


def _as_set_env_if(name: str, syntax: str, parser: Parser, least: int, doc: str) -> Directive[Rules]:
    arguments = many(f"{syntax} {_ASSIGNMENTS}", parser, least=least)
    return Directive(name, arguments, Context.ANYWHERE, (), doc, append, append, part_of=SET_ENV_IF)


DIRECTIVES = (
    SET_ENV_IF,
    _as_set_env_if(
        "SetEnvIfNoCase",
        "attribute regex",
        _set_env_if("i"),
        3,
        "SetEnvIf without regard to upper and lower case.",
    ),
    _as_set_env_if("BrowserMatch", "regex", _browser_match(""), 2, "SetEnvIf for the field User-Agent."),
    _as_set_env_if("BrowserMatchNoCase", "regex", _browser_match("i"), 2, "SetEnvIfNoCase for User-Agent."),
    _as_set_env_if(
        "SetEnvIfExpr",
        "expression",
        _set_env_if_expr,
        2,
        "Sets variables of requests for which a condition holds; $1 in a value is what the first group of its last "
        "regular expression found that matched.",
    ),
)
