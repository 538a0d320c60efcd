"""What is done for a generation beside forking its workers: the hooks from before_fork to maintain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Renewal
from prefork_ssl.kernel.process.privileges import worker_identity
from prefork_ssl.modules.ssl.context.tickets import TicketKeys
from prefork_ssl.modules.ssl.directives import SSL_CERTIFICATE_WATCH, SSL_SESSION_TICKET_KEY_LIFETIME
from prefork_ssl.modules.ssl.hosts.expiry import Expiry
from prefork_ssl.modules.ssl.hosts.table import TLSHosts
from prefork_ssl.modules.ssl.keys.keyring import KEYRING
from prefork_ssl.modules.ssl.keys.watch import Stamps, Watch
from prefork_ssl.modules.ssl.log.events import lifecycle, revocation, stapling
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.revocation.desk import DESK
from prefork_ssl.modules.ssl.sessions.service import SESSIONS
from prefork_ssl.modules.ssl.stapling.stapler import STAPLER
from prefork_ssl.modules.ssl.stapling.subject import Subject


@dataclass(frozen=True, eq=False, slots=True)
class Upkeep:
    """What is looked at in a generation that is in service. `stapled` are the certificates that OCSP responders are
    asked about, with the log that is told of it."""

    watch: Watch
    ticket_keys: TicketKeys
    expiry: Expiry
    stapled: Mapping[Subject, SSLLog]
    log: SSLLog


UPKEEP = Key[Upkeep]("ssl upkeep")


def upkeep(configuration: Configuration, stamps: Stamps, table: TLSHosts, log: SSLLog) -> Upkeep:
    """For a generation that serves the files with these stamps."""
    settings = configuration.server.settings
    births = [host.born for host in table.values() if host.parameters.tickets]
    return Upkeep(
        Watch(stamps if settings[SSL_CERTIFICATE_WATCH] else {}),
        TicketKeys(settings[SSL_SESSION_TICKET_KEY_LIFETIME], births),
        Expiry(table.values()),
        {subject: host.log for host in table.values() for subject in host.stapled},
        log,
    )


def before_fork(generation: Generation) -> None:
    """See kernel/hooks.py."""
    generation[KEYRING].protect()
    generation[SESSIONS].before_fork()
    generation[STAPLER].helpers_identity = worker_identity(generation.configuration.server.settings)
    _staple(generation)


def alone(generation: Generation) -> None:
    """See kernel/hooks.py."""
    generation[SESSIONS].before_fork()


def settled(generation: Generation, refusal: str) -> None:
    """See kernel/hooks.py."""
    log = generation[UPKEEP].log
    if refusal:
        lifecycle.reload_refused(log, generation.number, refusal)
    else:
        lifecycle.in_service(log, generation.number)


def tend(generation: Generation) -> None:
    """See kernel/hooks.py. The program that asks OCSP responders about clients."""
    desk = generation.get(DESK)
    if desk is None:
        return
    identity = worker_identity(generation.configuration.server.settings)
    if trouble := desk.tend(identity):
        revocation.helper_ended(generation[UPKEEP].log, trouble)


def maintain(generation: Generation) -> Renewal | None:
    """See kernel/hooks.py."""
    kept = generation[UPKEEP]
    generation[SESSIONS].maintain()
    _staple(generation)
    for log, finding in kept.expiry.look():
        log.write(lifecycle.found(finding))
    if changed := kept.watch.look():
        lifecycle.files_changed(kept.log, changed)
        return Renewal.RELOAD
    if kept.ticket_keys.due():
        lifecycle.ticket_keys_spent(kept.log)
        return Renewal.SAME
    return None


def _staple(generation: Generation) -> None:
    """Ask about the certificates that are due, and tell what came of it."""
    kept = generation[UPKEEP]
    for subject in generation[STAPLER].tend(kept.stapled):
        if subject in kept.stapled:
            stapling.asked_about(kept.stapled[subject], subject)
