"""The SSL logs of a generation, and what they are told while it is prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources, speaks_tls
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.log.directives import SSL_LOG, SSL_LOG_FORMAT, SSL_LOG_REPEAT, level
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
        by_place = self._by_place()
        for finding in dict.fromkeys(findings):
            by_place.get(finding.where, self.main).write(lifecycle.found(finding))

    def tell_refusal(self, findings: Iterable[Finding]) -> None:
        """Log why the generation is refused. The error log hears it from the master."""
        by_place = self._by_place()
        for finding in dict.fromkeys(findings):
            by_place.get(finding.where, self.main).note(lifecycle.found(finding))

    def _by_place(self) -> Mapping[str, SSLLog]:
        """The logs by the places of directives. Made when something is told, and not kept."""
        return {
            place: log
            for host, log in reversed(self._logs.items())
            for source in key_sources(host)
            for place in (source.where, source.key_where, source.chain_where, str(host.origin))
            if place
        }


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
