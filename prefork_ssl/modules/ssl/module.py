"""ssl_module: only wiring, which hook calls which function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from OpenSSL import __version__ as pyopenssl_version

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, Report, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.ssl.access import conditions, rules
from prefork_ssl.modules.ssl.access.directives import ACCESS_DIRECTIVES
from prefork_ssl.modules.ssl.access.fake_basic_auth import authenticate
from prefork_ssl.modules.ssl.access.requirements import REQUIREMENTS
from prefork_ssl.modules.ssl.backend import connector
from prefork_ssl.modules.ssl.backend.directives import BACKEND_DIRECTIVES
from prefork_ssl.modules.ssl.connection.handshake import connection
from prefork_ssl.modules.ssl.connection.requests import post_read
from prefork_ssl.modules.ssl.directives import SSL_DIRECTIVES
from prefork_ssl.modules.ssl.environment import told
from prefork_ssl.modules.ssl.expression.lists import extension_variable
from prefork_ssl.modules.ssl.hosts import consistency, preparation
from prefork_ssl.modules.ssl.hosts.examination import dump_certificates, examine
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS
from prefork_ssl.modules.ssl.hosts.sni import SNI_DIRECTIVES
from prefork_ssl.modules.ssl.hosts.upkeep import alone, before_fork, maintain, settled, tend
from prefork_ssl.modules.ssl.inert_directives import INERT_DIRECTIVES, REMEDIES
from prefork_ssl.modules.ssl.keys.keyring import KEYRING
from prefork_ssl.modules.ssl.log.directives import LOG_DIRECTIVES
from prefork_ssl.modules.ssl.openssl import LIBRARY
from prefork_ssl.modules.ssl.revocation.desk import DESK
from prefork_ssl.modules.ssl.revocation.directives import REVOCATION_DIRECTIVES
from prefork_ssl.modules.ssl.sessions.directives import SESSION_DIRECTIVES
from prefork_ssl.modules.ssl.sessions.preparation import check_sessions, examine_sessions
from prefork_ssl.modules.ssl.sessions.service import SESSIONS
from prefork_ssl.modules.ssl.stapling.directives import STAPLING_DIRECTIVES
from prefork_ssl.modules.ssl.stapling.stapler import STAPLER
from prefork_ssl.modules.ssl.variables import ssl_variable
from prefork_ssl.modules.ssl.verification import demand
from prefork_ssl.modules.ssl.verification.directives import VERIFICATION_DIRECTIVES

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker


def _begin(worker: Worker) -> None:
    worker.generation[KEYRING].forget()
    worker.generation[STAPLER].forget()
    if desk := worker.generation.get(DESK):
        desk.forget()
    worker.generation[SSL_LOGS].repeats.run(worker.loop)
    worker.generation[SESSIONS].worker_start(worker)


def _end(worker: Worker) -> None:
    worker.generation[SESSIONS].worker_stop()
    worker.generation[SSL_LOGS].repeats.tell()


def _check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    consistency.check(configuration, modules, report)
    check_sessions(configuration, report)
    conditions.check(configuration, modules, report)


def _prepare(generation: Generation) -> None:
    preparation.prepare(generation)
    conditions.prepare(generation)
    connector.prepare(generation)


def _examine(configuration: Configuration) -> Iterator[str]:
    yield from examine(configuration)
    yield from examine_sessions(configuration)
    yield from connector.examine(configuration)


def _access(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    """Who the client is must be known before it is asked what it may do."""
    know = demand.access(generation, host, settings)
    judge = rules.access(generation, host, settings)
    if know is None or judge is None:
        return know or judge
    return lambda request: know(request) or judge(request)


module = Module(
    name="ssl_module",
    directives=(
        *SSL_DIRECTIVES,
        *LOG_DIRECTIVES,
        *SNI_DIRECTIVES,
        *STAPLING_DIRECTIVES,
        *SESSION_DIRECTIVES,
        *VERIFICATION_DIRECTIVES,
        *REVOCATION_DIRECTIVES,
        *ACCESS_DIRECTIVES,
        *BACKEND_DIRECTIVES,
        *INERT_DIRECTIVES,
    ),
    hooks=Hooks(
        check=_check,
        prepare=_prepare,
        examine=_examine,
        before_fork=before_fork,
        alone=alone,
        settled=settled,
        tend=tend,
        maintain=maintain,
        worker_start=_begin,
        worker_stop=_end,
        connection=connection,
        post_read=post_read,
        access=_access,
        authenticate=authenticate,
        environment=told,
    ),
    remedies=REMEDIES,
    requirements=REQUIREMENTS,
    connectors={"https": connector.HTTPS},
    variables={"SSL_": ssl_variable, "OID(": extension_variable},
    dumps={"DUMP_CERTS": dump_certificates},
    tokens=(f"pyOpenSSL/{pyopenssl_version}", LIBRARY),
)
