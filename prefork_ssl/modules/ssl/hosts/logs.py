"""The SSL logs of a generation, and what they are told while it is prepared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.modules.ssl.directives import NamedPath
from prefork_ssl.modules.ssl.hosts.settings import host_name, speaks_tls
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.log.directives import SSL_LOG, SSL_LOG_FORMAT, SSL_LOG_REPEAT, level
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.events import lifecycle
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.log.repeats import Repeats


class HostLogs:
    """The SSL log of each host, also of those that do not speak TLS; `main` is where the module itself has its say.

    That is the main server's log; without an SSLLog there, the first host's that has one. `repeats` are counted for all
    of them together.
    """

    def __init__(self, generation: Generation) -> None:
        """Raises ConfigError if a log cannot be opened."""
        configuration = generation.configuration
        repetition = configuration.server.settings[SSL_LOG_REPEAT]
        self.repeats = Repeats(repetition.most, repetition.seconds)
        self._logs = {host: _open(generation, host, self.repeats) for host in configuration.all_hosts}
        main = self._logs[configuration.server]
        self.main = (
            main if main.dedicated else next((log for log in self._logs.values() if log.dedicated), main)
        )

    @property
    def tell_info(self) -> bool:
        """Whether any of them tells what clients do."""
        return any(log.tells_info for log in self._logs.values())

    def __getitem__(self, host: Host) -> SSLLog:
        return self._logs[host]

    def tell(self, findings: Iterable[Finding]) -> None:
        """Log each finding once, in the log of the host that has the directive."""
        for log, event in self._addressed(findings):
            log.write(event)

    def tell_refusal(self, findings: Iterable[Finding]) -> None:
        """Log why the generation is refused. The error log hears it from the master."""
        for log, event in self._addressed(findings):
            log.note(event)

    def _addressed(self, findings: Iterable[Finding]) -> Iterator[tuple[SSLLog, Event]]:
        by_place: Mapping[str, SSLLog] | None = None
        for finding in dict.fromkeys(findings):
            if by_place is None:
                by_place = self._by_place()
            yield by_place.get(finding.where, self.main), lifecycle.found(finding)

    def _by_place(self) -> Mapping[str, SSLLog]:
        """The logs by the places of directives. What hosts inherit is the main server's. Not kept: there are many."""
        return {place: log for host, log in reversed(self._logs.items()) for place in _places(host)}


def _places(host: Host) -> Iterator[str]:
    """FILE:LINE of the host and of every directive in it."""
    if host.origin:
        yield str(host.origin)
    for settings in host.scopes:
        for directive in settings:
            yield str(settings.origin(directive))
            value = settings[directive]
            if isinstance(value, tuple):
                yield from (str(each.origin) for each in value if isinstance(each, NamedPath))


def _name(host: Host, configuration: Configuration) -> str:
    """As host_name; but where there is no TLS, there is no port that would go without saying."""
    if speaks_tls(host, configuration):
        return host_name(host)
    name = server_name(host.settings)
    port = name.port or next((address.port for address in host.addresses if address.port), None)
    return f"{name.name}:{port}" if port else name.name


SSL_LOGS = Key[HostLogs]("ssl logs")


def _open(generation: Generation, host: Host, repeats: Repeats) -> SSLLog:
    settings = host.settings
    target = settings[SSL_LOG]
    file = generation.logs.open(target, settings.origin(SSL_LOG)) if target else None
    general = generation.logs.for_host(host)
    return SSLLog(
        _name(host, generation.configuration),
        file,
        level(settings),
        general,
        settings[SSL_LOG_FORMAT],
        repeats,
    )
