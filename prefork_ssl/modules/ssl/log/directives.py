"""SSLLog and its family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import Words, choice_of, many
from prefork_ssl.config.directives import Context, Directive, Place, Settings
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.directives import LOG_LEVEL, log_target
from prefork_ssl.modules.ssl.directives import NamedPath, key_file
from prefork_ssl.modules.ssl.log import json_lines, text
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.repeats import MOST, SPAN

MODULE = "ssl"  # as in: LogLevel ssl:info


@dataclass(frozen=True, slots=True)
class Repetition:
    """SSLLogRepeat: the `most` lines of one kind for one client in so many `seconds`; 0 means all."""

    most: int = MOST
    seconds: float = SPAN


def _repetition(words: Words, place: Place) -> Repetition:
    most = arguments.integer("number").parse(words[:1], place)
    seconds = arguments.duration(words[1]) if len(words) > 1 else SPAN
    if not seconds:
        raise BadArgument("the time must be more than 0 seconds", "to write all lines: SSLLogRepeat 0")
    return Repetition(most, seconds)


SERVER, HOST = Context.SERVER, Context.HOST

SSL_LOG: Directive[str] = Directive(
    "SSLLog", log_target, HOST, "", "The log of everything about TLS. Errors are in the ErrorLog in any case."
)
SSL_LOG_LEVEL: Directive[SSLLevel | None] = Directive(
    "SSLLogLevel",
    choice_of({level.word: level for level in SSLLevel}),
    HOST,
    None,
    "How much is written to SSLLog. Default: what LogLevel ssl:LEVEL says, else info.",
)
SSL_LOG_FORMAT: Directive[Callable[[Event, str], bytes]] = Directive(
    "SSLLogFormat",
    choice_of({"text": text.render, "json": json_lines.render}),
    HOST,
    text.render,
    "Lines for people, or one JSON object on each line.",
    default_text="text",
)
SSL_LOG_REPEAT: Directive[Repetition] = Directive(
    "SSLLogRepeat",
    many("number [seconds]", _repetition, most=2),
    SERVER,
    Repetition(),
    "How many lines a client's failures of one kind get in so many seconds (60); how many more there were is told in "
    "one line. 0: all are written.",
    default_text="20 60",
)
SSL_KEY_LOG_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLKeyLogFile",
    key_file,
    HOST,
    (),
    "The keys of every connection are written to this file, for Wireshark: whoever has it reads everything. For tests.",
)

LOG_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive) and value is not LOG_LEVEL
)


def level(settings: Settings) -> SSLLevel:
    """How much goes to the SSL log of the host with these settings."""
    said = settings[SSL_LOG_LEVEL]
    if said is not None:
        return said
    general = settings[LOG_LEVEL].get(MODULE)
    return SSLLevel.INFO if general is None else SSLLevel.of(general)
