"""Certificates that come to their end while the server runs. What the start has told is told again once a day."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from prefork_ssl.modules.ssl.certificate.checks import in_time
from prefork_ssl.modules.ssl.hosts.table import TLSHost
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.log.log import SSLLog

# Seconds.
_DAY = 86400.0


class Expiry:
    """The certificates of the hosts of a generation."""

    def __init__(self, hosts: Iterable[TLSHost]) -> None:
        self._shown = {material: host.log for host in hosts for material in host.shown}
        self._next = time.monotonic() + _DAY

    def look(self) -> Iterator[tuple[SSLLog, Finding]]:
        """Once a day, what there is to say, and to which log. To be called often."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _DAY
        now = datetime.now(UTC)
        for material, log in self._shown.items():
            for finding in in_time(material, now):
                yield log, finding
