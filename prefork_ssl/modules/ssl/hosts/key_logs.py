"""The key logs of hosts that have one (SSLKeyLogFile)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.modules.ssl.hosts.settings import host_name
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.log.directives import SSL_KEY_LOG_FILE
from prefork_ssl.modules.ssl.log.key_log import KeyLog, KeyLogRefused


class KeyLogs:
    """The key logs of one generation. None of them outlives it: its hosts get new Contexts at each reload."""

    def __init__(self) -> None:
        self._open: dict[Path, KeyLog] = {}

    def of(self, settings: Settings) -> KeyLog | None:
        """The open key log of the host with these settings. Raises KeyMaterialError."""
        if not settings[SSL_KEY_LOG_FILE]:
            return None
        path, origin = settings[SSL_KEY_LOG_FILE][-1].path, settings[SSL_KEY_LOG_FILE][-1].origin
        if path not in self._open:
            try:
                self._open[path] = KeyLog(path)
            except KeyLogRefused as error:
                finding = Finding("error", SSL_KEY_LOG_FILE.name, str(origin), str(error), error.hint)
                raise KeyMaterialError([finding]) from error
        return self._open[path]


def key_log_findings(hosts: Iterable[Host]) -> Iterator[Finding]:
    """What is told, loudly, of the hosts that have one."""
    for host in hosts:
        for named in host.settings[SSL_KEY_LOG_FILE][-1:]:
            message = (
                f"the keys of all connections to {host_name(host)} are written to {named.path}: "
                "whoever can read it can read everything that is sent and received"
            )
            hint = "for tests only: remove the line when done, and the file with it"
            yield Finding("warning", SSL_KEY_LOG_FILE.name, str(named.origin), message, hint)
