"""The SSL logs of a generation, and what they are told while it is prepared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.ssl.directives import SSL_LOG, SSL_LOG_LEVEL
from prefork_ssl.modules.ssl.hosts.settings import host_name, key_sources
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.log.events import lifecycle
from prefork_ssl.modules.ssl.log.log import SSLLog


class HostLogs:
    """The SSL log of each host that speaks TLS; `main` is where the module itself has its say.

    That is the main server's log; without an SSLLog there, the first host's that has one.
    """

    def __init__(self, generation: Generation, hosts: Sequence[Host]) -> None:
        """Raises ConfigError if a log cannot be opened."""
        self._logs = {host: _open(generation, host) for host in hosts}
        main = _open(generation, generation.configuration.server)
        self.main = (
            main if main.dedicated else next((log for log in self._logs.values() if log.dedicated), main)
        )
        self._by_place: Mapping[str, SSLLog] = {
            place: log
            for host, log in reversed(self._logs.items())
            for source in key_sources(host)
            for place in (source.where, source.key_where, source.chain_where, str(host.origin))
            if place
        }

    def __getitem__(self, host: Host) -> SSLLog:
        return self._logs[host]

    def tell(self, findings: Iterable[Finding]) -> None:
        """Log each finding once, in the log of the host that has the directive."""
        for finding in dict.fromkeys(findings):
            self._of(finding).write(lifecycle.found(finding))

    def tell_refusal(self, findings: Iterable[Finding]) -> None:
        """Log why the generation is refused. The error log hears it from the master."""
        for finding in dict.fromkeys(findings):
            self._of(finding).note(lifecycle.found(finding))

    def _of(self, finding: Finding) -> SSLLog:
        return self._by_place.get(finding.where, self.main)


def _open(generation: Generation, host: Host) -> SSLLog:
    target = host.settings[SSL_LOG]
    file = generation.logs.open(target, host.settings.origin(SSL_LOG)) if target else None
    return SSLLog(host_name(host), file, host.settings[SSL_LOG_LEVEL], generation.logs.for_host(host))
