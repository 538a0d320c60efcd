"""The core directives: what a web server of this kind needs before any module is loaded."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefork_ssl.config import arguments
from prefork_ssl.config.addresses import listen_address
from prefork_ssl.config.arguments import (
    Words,
    duration,
    integer,
    many,
    on_off,
    one,
    seconds,
)
from prefork_ssl.config.directives import Arguments, Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.kernel.apache.directives import APACHE_DIRECTIVES
from prefork_ssl.kernel.apache.handlers import ABSENT_HANDLERS, HANDLER_REMEDY
from prefork_ssl.kernel.files.options import Options, combine, parse_options
from prefork_ssl.kernel.log.levels import Level

# --- arguments ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A Listen line. `host` is an IP address without brackets, or "" for every address of the machine."""

    host: str
    port: int
    protocol: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class ReadLimit:
    """How long one part of a request may take: `timeout` seconds, extended by one second for each `rate` bytes that
    arrived, up to `longest` seconds. A timeout of 0 means no limit, a rate of 0 no extension."""

    timeout: float
    longest: float = 0.0
    rate: int = 0


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """RequestReadTimeout: one limit for each part of receiving a request."""

    handshake: ReadLimit = ReadLimit(10)
    header: ReadLimit = ReadLimit(20, 40, 500)
    body: ReadLimit = ReadLimit(20, 0, 500)


def _listen(words: Words, place: Place) -> tuple[ListenAddress, ...]:
    host, port = listen_address(words[0])
    protocol = words[1].lower() if len(words) > 1 else "https" if port == 443 else "http"
    return (ListenAddress(host, port, protocol, place.origin),)


def _read_limit(text: str) -> ReadLimit:
    times, _, rate = text.partition(",")
    first, _, last = times.partition("-")
    name, _, number = rate.partition("=")
    if rate and (name.lower() != "minrate" or not number.isdigit()):
        raise BadArgument(f"must be like 20-40,MinRate=500, not {text!r}")
    return ReadLimit(duration(first), duration(last) if last else 0.0, int(number or 0))


def _read_limits(words: Words, _place: Place) -> Mapping[str, ReadLimit]:
    limits = {}
    for word in words:
        part, equals, text = word.partition("=")
        if not equals or part.lower() not in ("handshake", "header", "body"):
            raise BadArgument(f"{word!r} must begin with handshake=, header= or body=")
        limits[part.lower()] = _read_limit(text)
    return limits


class Satisfy(enum.Enum):
    """How the access phase and authorisation go together."""

    ALL = "all"
    ANY = "any"


def read_limits(given: Mapping[str, ReadLimit]) -> ReadLimits:
    """The limits in force: those given, and the defaults of the others."""
    return ReadLimits(**given)


def _levels(words: Words, _place: Place) -> Mapping[str, Level]:
    levels: dict[str, Level] = {}
    for word in words:
        module, _, name = word.rpartition(":")
        if name.upper() not in Level.__members__:
            raise BadArgument(
                f"{name!r} is not a log level", "levels are " + ", ".join(Level.__members__).lower()
            )
        levels[module.removeprefix("mod_").removesuffix(".c").removesuffix("_module").lower()] = Level[
            name.upper()
        ]
    return levels


def _later_levels(earlier: Mapping[str, Level], later: Mapping[str, Level]) -> Mapping[str, Level]:
    """A level without a module sets all modules anew, as in Apache."""
    return later if "" in later else {**earlier, **later}


def _error_document(words: Words, _place: Place) -> Mapping[int, str | None]:
    code, document = words
    if not (code.isdigit() and 400 <= int(code[:4]) <= 599):
        raise BadArgument(f"the status must be from 400 to 599, not {code!r}")
    if code == "401" and "://" in document.partition(" ")[0]:
        # Whoever is sent elsewhere is not asked for a password (Apache refuses this, too).
        raise BadArgument("the document of status 401 cannot be on another server", "write a path, or a text")
    return {int(code): None if document.lower() == "default" else document}


def _log_target(word: str, place: Place) -> str:
    return word if word.startswith("|") or not word else str(place.path(word))


log_target: Arguments[str] = one("file|'|program arguments'", _log_target)


def _names(words: Words, _place: Place) -> tuple[str, ...]:
    return tuple(word.lower().rstrip(".") for word in words)


def _handler(word: str, _place: Place) -> str | None:
    name = word.lower()
    if name in ABSENT_HANDLERS or name.startswith(("proxy:", "application/x-httpd-")):
        raise BadArgument(f"there is no handler {word}", HANDLER_REMEDY)
    return None if name == "none" else name


# The handler, as Apache names it, of a folder that no index file stands for.
DIRECTORY_HANDLER = "httpd/unix-directory"

# --- declarations; default paths are relative to ServerRoot, like written ones ---

SERVER, HOST, ANYWHERE = Context.SERVER, Context.HOST, Context.ANYWHERE

SERVER_ROOT = Directive(
    "ServerRoot", arguments.existing_directory, SERVER, Path("/"), "Where relative paths begin."
)
PID_FILE = Directive(
    "PidFile", arguments.path, SERVER, Path("logs/prefork_ssl.pid"), "Holds the master's process id."
)
USER = Directive(
    "User", arguments.text, SERVER, "", "The user, or #id, that workers run as when started by root."
)
GROUP = Directive(
    "Group", arguments.text, SERVER, "", "The group, or #id, of the workers; default: the user's own."
)
LISTEN: Directive[tuple[ListenAddress, ...]] = Directive(
    "Listen",
    many("[address:]port [protocol]", _listen, most=2),
    SERVER,
    (),
    "An address to accept connections on.",
    append,
)
LISTEN_BACKLOG = Directive(
    "ListenBackLog", integer("number", 1), SERVER, 511, "Connections the system queues for us."
)
SERVER_NAME = Directive(
    "ServerName",
    arguments.text,
    HOST,
    "",
    "The name of this host: [scheme://]name[:port]. Default: the machine's name.",
)
SERVER_ALIAS: Directive[tuple[str, ...]] = Directive(
    "ServerAlias",
    many("name ...", _names),
    Context.VIRTUAL_HOST,
    (),
    "Further names of this host; * and ? match.",
    append,
)
SERVER_ADMIN = Directive("ServerAdmin", arguments.text, HOST, "", "Whom error pages ask to write to.")
DOCUMENT_ROOT: Directive[Path | None] = Directive(
    "DocumentRoot", arguments.existing_directory, HOST, None, "The folder whose files are served at /."
)
OPTIONS: Directive[Options] = Directive(
    "Options",
    many("[+|-]option ...", parse_options),
    ANYWHERE,
    Options(),
    "Which symbolic links are followed (FollowSymLinks, SymLinksIfOwnerMatch), whether folders are listed (Indexes); "
    "or All, or None.",
    combine,
    combine,
    default_text="None",
)
ERROR_LOG = Directive("ErrorLog", log_target, HOST, "logs/error_log", "Where errors are written.")
LOG_LEVEL: Directive[Mapping[str, Level]] = Directive(
    "LogLevel",
    many("[module:]level ...", _levels),
    HOST,
    {"": Level.WARN},
    "How important a message must be to be logged, for all or for one module.",
    _later_levels,
    _later_levels,
)
ERROR_DOCUMENT: Directive[Mapping[int, str | None]] = Directive(
    "ErrorDocument",
    many("status text|/path|URL|default", _error_document, least=2, most=2),
    ANYWHERE,
    {},
    "What is sent instead of the plain page of an error status; default is the plain page again.",
    append,
    append,
)
SET_HANDLER: Directive[str | None] = Directive(
    "SetHandler",
    one("name|none", _handler),
    ANYWHERE,
    None,
    "The handler that answers here, whatever the file.",
)
SATISFY = Directive(
    "Satisfy",
    arguments.choice_of({satisfy.value: satisfy for satisfy in Satisfy}),
    Context.DIRECTORY,
    Satisfy.ALL,
    "Whether all of address, encryption and user must be right, or any of: who passes the one need not pass the other.",
)

TIMEOUT = Directive("Timeout", seconds, HOST, 60.0, "Seconds that sending or receiving may stall.")
KEEP_ALIVE = Directive("KeepAlive", on_off, HOST, True, "Whether a connection serves more than one request.")
KEEP_ALIVE_TIMEOUT = Directive(
    "KeepAliveTimeout", seconds, HOST, 5.0, "Seconds that a connection may wait for its next request."
)
MAX_KEEP_ALIVE_REQUESTS = Directive(
    "MaxKeepAliveRequests",
    integer("number"),
    HOST,
    100,
    "Requests that one connection serves; 0 means any number.",
)
LIMIT_REQUEST_LINE = Directive("LimitRequestLine", integer("bytes", 64), HOST, 8190, "Longest request line.")
LIMIT_REQUEST_FIELDS = Directive(
    "LimitRequestFields",
    integer("number", 0, 32767),
    HOST,
    100,
    "Most header fields of a request; 0 means any number.",
)
LIMIT_REQUEST_FIELD_SIZE = Directive(
    "LimitRequestFieldSize", integer("bytes", 64), HOST, 8190, "Longest header field of a request."
)
LIMIT_REQUEST_BODY = Directive(
    "LimitRequestBody", integer("bytes"), ANYWHERE, 1073741824, "Longest request body; 0 means any length."
)
REQUEST_READ_TIMEOUT: Directive[Mapping[str, ReadLimit]] = Directive(
    "RequestReadTimeout",
    many("[handshake=t[-max][,MinRate=bytes]] [header=...] [body=...]", _read_limits, most=3),
    HOST,
    {},
    "How long the TLS handshake, the header and the body of a request may take, in seconds.",
    append,
    append,
    default_text="handshake=10 header=20-40,MinRate=500 body=20,MinRate=500",
)

START_SERVERS = Directive(
    "StartServers", integer("number", 0, 1024), SERVER, 0, "Worker processes; 0 means one per processor core."
)
MAX_CONNECTIONS_PER_CHILD = Directive(
    "MaxConnectionsPerChild",
    integer("number"),
    SERVER,
    0,
    "Connections after which a worker is replaced; 0 means never.",
)
MAX_REQUESTS_PER_CHILD = Directive(
    "MaxRequestsPerChild",
    integer("number"),
    SERVER,
    0,
    "The name of MaxConnectionsPerChild before Apache 2.4.",
    part_of=MAX_CONNECTIONS_PER_CHILD,
)
WORKER_CONNECTIONS = Directive(
    "WorkerConnections", integer("number", 1), SERVER, 10000, "Connections that one worker holds at a time."
)
WORKER_HEARTBEAT_TIMEOUT = Directive(
    "WorkerHeartbeatTimeout",
    seconds,
    SERVER,
    60.0,
    "Seconds without a sign of life after which a worker is replaced.",
)
GRACEFUL_SHUTDOWN_TIMEOUT = Directive(
    "GracefulShutdownTimeout",
    seconds,
    SERVER,
    60.0,
    "Seconds that draining workers have to finish; 0 means any time.",
)
CORE_DUMP_DIRECTORY: Directive[Path | None] = Directive(
    "CoreDumpDirectory",
    arguments.existing_directory,
    SERVER,
    None,
    "Where a crashing worker leaves its core file.",
)
SERVER_TOKENS = Directive(
    "ServerTokens",
    arguments.choice(
        full="full",
        os="os",
        minimal="minimal",
        min="minimal",
        minor="minor",
        major="major",
        prod="prod",
        productonly="prod",
    ),
    SERVER,
    "full",
    "How much the Server field of responses tells.",
)

CORE_DIRECTIVES: tuple[Directive[Any], ...] = (
    *(value for value in list(globals().values()) if isinstance(value, Directive)),
    *APACHE_DIRECTIVES,
)

_ANY_DOCUMENT_ROOT = Directive(
    DOCUMENT_ROOT.name, arguments.path, HOST, None, DOCUMENT_ROOT.doc, part_of=DOCUMENT_ROOT
)
# With -T: a DocumentRoot need not exist, as long as nobody asks for its files.
UNCHECKED_DIRECTIVES = tuple(
    _ANY_DOCUMENT_ROOT if directive is DOCUMENT_ROOT else directive for directive in CORE_DIRECTIVES
)
