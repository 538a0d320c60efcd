"""The Extended API: the named phases, in the order in which they run, with their signatures.

A module offers a *factory* for each phase that it takes part in. Factories are called once: for a listener when the
generation is built from the configuration; for a virtual host, or for merged settings, when a worker first needs them,
with what the master has prepared. They return the function to run, or None where there is nothing to do. So a phase is
a tuple of plain functions, and an empty phase costs nothing on the request path.

A request function that returns a Response ends the phases before the handler; None means: go on. With `Satisfy any`,
what `access` returns can be overruled by who the user is; a RequestError that it raises cannot.

    once, master        check, prepare, before_fork, tend; under -t: check, examine;
                        under -X: check, prepare, alone, tend
    each reload, master settled
    each second, master tend, maintain; under -X: tend
    each worker         worker_start ... worker_stop
    each connection     connection
    each request        post_read, translate,                     per virtual host
                        header_parser, access, authorise (which asks to authenticate where it must), fixup, handler,
                        response                          per merged directory settings
                        log                                       per virtual host

Handlers that run applications ask `environment` (per merged directory settings) what these are told.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration, Host

if TYPE_CHECKING:
    from prefork_ssl.kernel.generation import Generation
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.process.listeners import Listener
    from prefork_ssl.kernel.process.worker import Worker
    from prefork_ssl.kernel.request import Elsewhere, Request, Response
    from prefork_ssl.kernel.transport import ClientTransport, Transport, Wire

Report = Callable[[Problem], None]


class Renewal(enum.IntEnum):
    """What a module may ask the master for: a turn of the workers, as graceful as any reload."""

    SAME = 1  # the configuration in service is prepared anew
    RELOAD = 2  # the configuration is read anew, as at SIGHUP


# Configuration, in the master. `check` looks for contradictions between directives, and for names that none of the
# modules (all that are loaded) knows, and reports errors; it opens no key, log or socket, so that `-t` can run it
# anywhere. `prepare` makes what the generation needs (keys, contexts) and keeps
# it in the generation; it raises ConfigError to refuse, and must leave alone whatever the running generation uses.
Check = Callable[[Configuration, "Sequence[Module]", Report], None]
Prepare = Callable[["Generation"], None]

# Under -t, in place of `prepare`: opens what can be opened without changing anything, and gives lines that warn; raises
# ConfigError if the server would not start.
Examine = Callable[[Configuration], Iterable[str]]

# Life of a generation, in the process that stays the master: before its first worker is forked, and about once a second
# while it is in service. `maintain` must not wait for anything. Where one process serves without a master (-X), `alone`
# is called in place of both, once, before that process gives up root.
BeforeFork = Callable[["Generation"], None]
Maintain = Callable[["Generation"], Renewal | None]

# Programs that a module has running beside the server are started, and started anew when they have ended: called after
# `before_fork` or `alone`, and about once a second from then on. It must not wait for anything.
Tend = Callable[["Generation"], None]

# How a start or a reload has ended, in the master. The generation is the one that is in service now; the text tells why
# another one was refused, and is empty if this is the new one.
Settled = Callable[["Generation", str], None]

# Life of a worker: after privileges are dropped and before the first accept; after the last connection has ended. What
# raises ConfigError at the start makes the rollout fail, and the generation before stays in service.
WorkerEvent = Callable[["Worker"], None]

# A new connection's wire in, the transport to speak HTTP through out (a TLS one after its handshake). It runs in the
# connection's own greenlet and may wait; None ends the connection. Whoever called it closes the wire. The first module
# that offers a function for a listener has it; without any, the connection gets the plain Transport.
Connect = Callable[["Wire"], "Transport | None"]
ConnectionFactory = Callable[["Generation", "Listener"], Connect | None]

RequestPhase = Callable[["Request"], "Response | None"]
HostFactory = Callable[["Generation", Host], RequestPhase | None]
DirectoryFactory = Callable[["Generation", Host, Settings], RequestPhase | None]


class Decided(enum.Enum):
    """In place of a response of the translate phase: what the request leads to is known (its file name, or a handler),
    and no module that comes later is to say otherwise."""

    YES = enum.auto()


Translate = Callable[["Request"], "Response | Decided | None"]
TranslateFactory = Callable[["Generation", Host], Translate | None]

# A handler, or a fixup, may also hand the request on to another path of the same host.
Handler = Callable[["Request"], "Response | Elsewhere | None"]
HandlerFactory = Callable[["Generation", Host, Settings], Handler | None]


@dataclass(frozen=True, slots=True)
class Authentication:
    """A way to learn who the user is. `identify` sets the request's user and auth_type if it names one and proves it,
    and returns a Response only to refuse. `challenge` makes the response that asks for (other) credentials (401)."""

    identify: RequestPhase
    challenge: Callable[[Request], Response] | None = None


AuthenticationFactory = Callable[["Generation", Host, Settings], Authentication | None]

# Who may see what. Only here is it known whether the user matters, so the ways to learn who it is are handed over.
AuthoriseFactory = Callable[["Generation", Host, Settings, "Sequence[Authentication]"], RequestPhase | None]

# What an application finds in its environ (PEP 3333) beside what HTTP and CGI tell it: SSL_* and the like as strings,
# each character a byte, and objects under names such as "prefork_ssl.client_certificate". It is asked once for each
# request, and nobody changes what it gives: that may be one mapping for a whole connection.
Environment = Callable[["Request"], Mapping[str, object]]
EnvironmentFactory = Callable[["Generation", Host, Settings], Environment | None]

# For modules that speak to other servers, where the scheme of a URL needs more than TCP: makes of a connected wire, and
# of the name that the server goes by, the transport to speak HTTP through. It may wait, and raises Deadline and
# ConnectionError; HandshakeFailed if the server does not speak the protocol, or is not who it should be.
Dial = Callable[["Wire", str], "ClientTransport"]


@dataclass(frozen=True, slots=True)
class Connector:
    """How servers of a scheme are reached. `dial` is asked for once for each virtual host. `objection` tells, as a
    sentence with a remedy, what a host's settings lack for it; "" if nothing."""

    dial: Callable[[Generation, Host], Dial]
    objection: Callable[[Settings], str]


ResponsePhase = Callable[["Request", "Response"], None]
ResponseFactory = Callable[["Generation", Host, Settings], ResponsePhase | None]
LogFactory = Callable[["Generation", Host], ResponsePhase | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """A module's part in each phase."""

    check: Check | None = None
    prepare: Prepare | None = None
    examine: Examine | None = None
    before_fork: BeforeFork | None = None
    alone: BeforeFork | None = None
    settled: Settled | None = None
    tend: Tend | None = None
    maintain: Maintain | None = None
    worker_start: WorkerEvent | None = None
    worker_stop: WorkerEvent | None = None
    connection: ConnectionFactory | None = None
    post_read: HostFactory | None = None
    translate: TranslateFactory | None = None
    header_parser: DirectoryFactory | None = None
    access: DirectoryFactory | None = None
    authenticate: AuthenticationFactory | None = None
    authorise: AuthoriseFactory | None = None
    fixup: HandlerFactory | None = None
    handler: HandlerFactory | None = None
    environment: EnvironmentFactory | None = None
    response: ResponseFactory | None = None
    log: LogFactory | None = None
