"""The directives about who may enter by rule."""

from __future__ import annotations

from dataclasses import dataclass

from prefork_ssl.config.arguments import Words, language, many, one
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import Origin
from prefork_ssl.kernel.expression.parsing import Expression, parse
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS


@dataclass(frozen=True, slots=True)
class Rule:
    """One SSLRequire line."""

    expression: Expression
    origin: Origin


def _rule(text: str, place: Place) -> tuple[Rule, ...]:
    return (Rule(parse(text), place.origin),)


def _nothing(_words: Words, _place: Place) -> bool:
    return True


SSL_REQUIRE: Directive[tuple[Rule, ...]] = Directive(
    "SSLRequire",
    language("expression", _rule),
    Context.DIRECTORY,
    (),
    "What must hold of a request, and of the TLS that it comes over. All lines count, those of outer sections too. "
    "Requests without TLS are refused.",
    append,
    append,
)
SSL_REQUIRE_SSL = Directive(
    "SSLRequireSSL",
    many("", _nothing, least=0, most=0),
    Context.DIRECTORY,
    False,
    "Refuses requests without TLS.",
)
SSL_USER_NAME: Directive[str] = Directive(
    "SSLUserName",
    one("variable", lambda word, _place: word),
    Context.ANYWHERE,
    "",
    "The variable that names the user, such as SSL_CLIENT_S_DN_CN. What is said of a client's certificate names nobody "
    "unless a CA vouches for it.",
)

ACCESS_DIRECTIVES = (SSL_REQUIRE, SSL_REQUIRE_SSL, SSL_USER_NAME, SSL_OPTIONS)
