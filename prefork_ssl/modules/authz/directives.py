"""Require, its sections, and what becomes of the rules outside."""

from __future__ import annotations

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import language
from prefork_ssl.config.directives import Block, Context, Directive, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.authz.rules import Logic, Merging, Requirement, Rules, section_of


def _require(text: str, place: Place) -> Rules:
    first, rest = _first_word(text)
    negated = first.lower() == "not"
    name, arguments_of_it = _first_word(rest) if negated else (first, rest)
    if not name:
        raise BadArgument("needs to say what is required")
    return Rules((Requirement(name.lower(), arguments_of_it, place.origin, negated),))


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.split(None, 1) or [""]
    return word, "".join(rest)


REQUIRE: Directive[Rules] = Directive(
    "Require",
    language("[not] name [argument ...]", _require),
    Context.DIRECTORY,
    Rules(),
    "Who may enter: all granted|denied, ip, local, method, env, expr, user, valid-user, and what other modules offer "
    "(ssl, ssl-verify-client, group). Of several lines any lets in.",
    Rules.then,
    Rules.around,
    blocks=(
        Block(
            Logic.ANY.value,
            lambda rules: section_of(Logic.ANY, rules),
            "Lets in if any of its Require lines and sections does.",
        ),
        Block(
            Logic.ALL.value,
            lambda rules: section_of(Logic.ALL, rules),
            "Lets in if one of its Require lines and sections does, and none keeps out.",
        ),
        Block(
            Logic.NONE.value,
            lambda rules: section_of(Logic.NONE, rules),
            "Keeps out if any of its Require lines and sections would let in.",
        ),
    ),
)
AUTH_MERGING: Directive[Rules] = Directive(
    "AuthMerging",
    arguments.choice_of({merging.value: Rules(merging=merging) for merging in Merging}),
    Context.DIRECTORY,
    Rules(),
    "Whether the Require lines of a section replace those outside (Off), or hold with them (And) or beside them (Or).",
    part_of=REQUIRE,
)
AUTHZ_SEND_FORBIDDEN_ON_FAILURE = Directive(
    "AuthzSendForbiddenOnFailure",
    arguments.on_off,
    Context.DIRECTORY,
    False,
    "Whether users who may not enter get 403, and are not asked for another name and password (401).",
)

DIRECTIVES = (REQUIRE, AUTH_MERGING, AUTHZ_SEND_FORBIDDEN_ON_FAILURE)
