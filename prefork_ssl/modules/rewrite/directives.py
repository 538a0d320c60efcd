"""The directives of rewriting. What they say in one scope is one value, a Scope, since order and inheritance concern
them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from prefork_ssl.config.arguments import Words, many, on_off, one
from prefork_ssl.config.directives import Arguments, Context, Directive, Place, Settings, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.rewrite.condition_line import parse_condition
from prefork_ssl.modules.rewrite.map_sources import MapSource, parse_map
from prefork_ssl.modules.rewrite.rule_line import parse_rule
from prefork_ssl.modules.rewrite.scope import Option, Scope
from prefork_ssl.modules.rewrite.words import split_raw_words

_OPTIONS = {option.value: option for option in Option}
_NOT_NEEDED = {
    "allowanyuri": "request targets that are no paths are refused before any rule sees them",
    "legacyprefixdocroot": "URLs and files are never taken for one another",
    "longurloptimization": "memory does not grow with the rounds of a rule",
    "maxredirects": "ten internal redirections are the most, as in Apache since 2.1",
}


def _rule(words: Words, place: Place) -> Scope:
    return Scope(lines=(parse_rule(words, place),), origin=place.origin)


def _condition(words: Words, place: Place) -> Scope:
    return Scope(lines=(parse_condition(words, place),), origin=place.origin)


def _engine(words: Words, place: Place) -> Scope:
    return Scope(engine=on_off.parse(words, place), origin=place.origin)


def _base(word: str, place: Place) -> Scope:
    if not word.startswith("/"):
        raise BadArgument(f"must be a URL path that begins with '/', unlike {word!r}")
    return Scope(base=word.rstrip("/") + "/", origin=place.origin)


def _options(words: Words, place: Place) -> Scope:
    return Scope(options=frozenset(map(_option, words)), origin=place.origin)


def _option(word: str) -> Option:
    name = word.lower().partition("=")[0]
    if name in _NOT_NEEDED:
        raise BadArgument(f"{word} is not needed: {_NOT_NEEDED[name]}", "leave it out")
    if word.lower() not in _OPTIONS:
        known = (
            "Inherit, InheritBefore, InheritDown, InheritDownBefore, IgnoreInherit, AllowNoSlash, MergeBase"
        )
        raise BadArgument(f"does not know {word!r}", f"known are {known}")
    return _OPTIONS[word.lower()]


def _gone(_words: Words, _place: Place) -> NoReturn:
    raise BadArgument(
        "is gone since Apache 2.4: what the rules do is in the error log", "write LogLevel rewrite:trace3"
    )


def _raw(arguments: Arguments[Scope]) -> Arguments[Scope]:
    """The same for words with all their backslashes."""
    return replace(arguments, split=split_raw_words)


REWRITE: Directive[Scope] = Directive(
    "RewriteRule",
    _raw(many("pattern substitution|- [flags]", _rule, least=2, most=3)),
    Context.ANYWHERE,
    Scope(),
    "Changes a URL in which a regular expression is found, if the RewriteCond lines before it hold. $1 is what its "
    "first group found, %1 that of the last condition, %{NAME} a variable, ${map:key|default} what a RewriteMap has. "
    "Flags: R[=status] F G P L END N[=rounds] PT C S=n NC NE NS QSA QSD QSL DPI B[=characters] BNE= BNP BCTLS "
    "E=name:value E=!name CO=name:value:domain:minutes:path:secure:httponly:samesite T=type H=handler UnsafeAllow3F "
    "UnsafePrefixStat.",
    Scope.with_line,
    lambda outer, inner: inner.inside(outer),
)


def _part(name: str, arguments: Arguments[Scope], contexts: Context, doc: str) -> Directive[Scope]:
    return Directive(name, arguments, contexts, Scope(), doc, REWRITE.repeat, REWRITE.merge, part_of=REWRITE)


REWRITE_COND = _part(
    "RewriteCond",
    _raw(many("text pattern [flags]", _condition, least=2, most=3)),
    Context.ANYWHERE,
    "What must hold for the RewriteRule that follows: a regular expression is found in the text; or !, and it is not; "
    "=text <text >text <=text >=text; -eq5 -ne5 -lt5 -le5 -gt5 -ge5; -d -f -F -h -l -L -s -U -x. Or: expr, and an "
    "expression as in Require expr. Flags: NC OR NV.",
)
REWRITE_ENGINE = _part(
    "RewriteEngine",
    Arguments("on|off", _engine),
    Context.ANYWHERE,
    "Whether the rules of this scope are obeyed.",
)
REWRITE_BASE = _part(
    "RewriteBase",
    one("URL-path", _base),
    Context.DIRECTORY,
    "The URL path that relative substitutions of this section are below. Default: the one that leads to the directory.",
)
REWRITE_OPTIONS = _part(
    "RewriteOptions",
    many("option ...", _options),
    Context.ANYWHERE,
    "Whether rules of the outer scope hold too, behind (Inherit) or before (InheritBefore) those of this one; "
    "InheritDown and InheritDownBefore say so for all inner scopes that do not IgnoreInherit. AllowNoSlash and "
    "MergeBase as in Apache.",
)
REWRITE_MAP: Directive[Mapping[str, MapSource]] = Directive(
    "RewriteMap",
    many("name txt:file|rnd:file|int:function", parse_map, least=2, most=2),
    Context.HOST,
    {},
    "A table for ${name:key|default}: lines of a key and a value (txt), values of which one is chosen by chance (rnd, "
    "a|b|c), or toupper, tolower, escape, unescape (int). Files that change are read again.",
    append,
    append,
)
REWRITE_LOG = Directive(
    "RewriteLog", many("file", _gone), Context.HOST, None, "Gone: LogLevel rewrite:trace3."
)
REWRITE_LOG_LEVEL = Directive(
    "RewriteLogLevel", many("number", _gone), Context.HOST, None, "Gone: LogLevel rewrite:trace3."
)

DIRECTIVES = (
    REWRITE,
    REWRITE_COND,
    REWRITE_ENGINE,
    REWRITE_BASE,
    REWRITE_OPTIONS,
    REWRITE_MAP,
    REWRITE_LOG,
    REWRITE_LOG_LEVEL,
)


def scope_of(settings: Settings) -> Scope:
    """What a scope's settings say about rewriting."""
    return settings[REWRITE]
