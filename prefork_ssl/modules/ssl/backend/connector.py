"""What the module offers to those that speak to other servers: https://."""

from __future__ import annotations

from collections.abc import Iterable

from OpenSSL import SSL

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Connector, Dial
from prefork_ssl.modules.ssl.backend.context import backend_context, checks_name
from prefork_ssl.modules.ssl.backend.dialing import BackendDialer
from prefork_ssl.modules.ssl.backend.directives import BACKEND_DIRECTIVES, SSL_PROXY_ENGINE
from prefork_ssl.modules.ssl.backend.sessions import Sessions
from prefork_ssl.modules.ssl.hosts.logs import SSL_LOGS
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.keyring import refused
from prefork_ssl.modules.ssl.verification.reading import Shelf

# What hosts with the same settings share.
_Shared = tuple[SSL.Context, Sessions]

BACKENDS = Key[dict[Host, BackendDialer]]("ssl backends")


def prepare(generation: Generation) -> None:
    """A Context for each host that may speak TLS to others; hosts with the same settings share it.

    Raises ConfigError.
    """
    logs = generation[SSL_LOGS]
    contexts, findings = _contexts(generation.configuration)
    logs.tell(findings)
    dialers = {
        host: BackendDialer(context, sessions, logs[host], named=checks_name(host.settings))
        for host, (context, sessions) in contexts.items()
    }
    generation.keep(BACKENDS, dialers)


def examine(configuration: Configuration) -> Iterable[str]:
    """See kernel/hooks.py. Raises ConfigError."""
    return [str(finding) for finding in _contexts(configuration)[1]]


def _contexts(configuration: Configuration) -> tuple[dict[Host, _Shared], list[Finding]]:
    shelf = Shelf()
    made: dict[tuple[object, ...], _Shared] = {}
    contexts: dict[Host, _Shared] = {}
    for host in configuration.all_hosts:
        if host.settings[SSL_PROXY_ENGINE]:
            key = _key(host.settings)
            if key not in made:
                made[key] = _context(host.settings, shelf), Sessions()
            contexts[host] = made[key]
    errors = [finding for finding in shelf.findings if finding.severity == "error"]
    if errors:
        raise refused(errors)
    return contexts, shelf.findings


def _key(settings: Settings) -> tuple[object, ...]:
    values = (settings[directive] for directive in BACKEND_DIRECTIVES)
    return tuple(tuple(value.items()) if isinstance(value, dict) else value for value in values)


def _context(settings: Settings, shelf: Shelf) -> SSL.Context:
    try:
        return backend_context(settings, shelf)
    except SSL.Error as error:
        origin = settings.origin(SSL_PROXY_ENGINE)
        raise ConfigError(
            [Problem(f"OpenSSL refuses what SSLProxy* directives say: {error}", origin)]
        ) from error


def _objection(settings: Settings) -> str:
    return "" if settings[SSL_PROXY_ENGINE] else "https:// needs the line: SSLProxyEngine on"


def _dial(generation: Generation, host: Host) -> Dial:
    return generation[BACKENDS][host].dial


HTTPS = Connector(dial=_dial, objection=_objection)
