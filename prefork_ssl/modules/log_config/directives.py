"""LogFormat and CustomLog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words, many, one
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.kernel.directives import log_target
from prefork_ssl.modules.log_config.formats import Piece, parse_format

Pieces = tuple[Piece, ...]

_COMMON = '%h %l %u %t "%r" %>s %b'


@dataclass(frozen=True, slots=True)
class CustomLog:
    """One CustomLog line. `format` is a format or the nickname of one. `condition` names a variable of the request's
    env without which nothing is logged, or with which if `negated`; "" for every request."""

    target: str
    format: str
    condition: str
    negated: bool
    origin: Origin

    def pieces(self, nicknames: Mapping[str, Pieces]) -> Pieces:
        """The format's pieces. Raises BadArgument for a nickname that is none."""
        if self.format in nicknames:
            return nicknames[self.format]
        if "%" in self.format:
            return parse_format(self.format)
        known = ", ".join(sorted(nicknames)) or "none"
        raise BadArgument(f"no LogFormat has the nickname {self.format!r}", f"known: {known}")


def _log_format(words: Words, _place: Place) -> Mapping[str, Pieces]:
    form, nickname = words
    if "%" in nickname:
        raise BadArgument(
            f"nickname {nickname!r} has a percent sign", "the format comes first, then its nickname"
        )
    return {nickname: parse_format(form)}


def _custom_log(words: Words, place: Place) -> tuple[CustomLog, ...]:
    target = log_target.parse(words[:1], place)
    condition = words[2] if len(words) > 2 else "env="
    if not condition.startswith("env="):
        raise BadArgument(
            f"condition must be env=name or env=!name, not {condition!r}",
            'for an expression, write SetEnvIfExpr "expression" name, and env=name here',
        )
    name = condition.removeprefix("env=")
    if "%" in words[1]:
        parse_format(words[1])
    return (CustomLog(target, words[1], name.removeprefix("!"), name.startswith("!"), place.origin),)


def _transfer_log(word: str, place: Place) -> tuple[CustomLog, ...]:
    return _custom_log((word, _COMMON), place)


LOG_FORMAT: Directive[Mapping[str, Pieces]] = Directive(
    "LogFormat",
    many("format nickname", _log_format, least=2, most=2),
    Context.HOST,
    {},
    "Gives a format of access logs a name.",
    append,
    append,
)
CUSTOM_LOG: Directive[tuple[CustomLog, ...]] = Directive(
    "CustomLog",
    many("file|'|program arguments' format|nickname [env=[!]name]", _custom_log, least=2, most=3),
    Context.HOST,
    (),
    "Logs requests to a file or program; those of a virtual host replace the main server's.",
    append,
)
TRANSFER_LOG: Directive[tuple[CustomLog, ...]] = Directive(
    "TransferLog",
    one("file|'|program arguments'", _transfer_log),
    Context.HOST,
    (),
    "CustomLog with the Common Log Format.",
    append,
    part_of=CUSTOM_LOG,
)

DIRECTIVES = (LOG_FORMAT, CUSTOM_LOG, TRANSFER_LOG)
