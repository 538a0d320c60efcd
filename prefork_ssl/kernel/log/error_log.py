"""The error log: one message, one line, with Apache's prefix.

[Thu May 12 08:28:57.652118 2011] [ssl:error] [pid 8777] [client 192.0.2.7:58619] message
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterable, Mapping

from prefork_ssl.kernel.log.files import LogFile
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.log.text import escape_message

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _stamp(now: float) -> str:
    """Local time with microseconds, in English whatever the locale."""
    local = time.localtime(now)
    micros = int(now % 1 * 1_000_000)
    clock = f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}.{micros:06}"
    return f"{_DAYS[local.tm_wday]} {_MONTHS[local.tm_mon - 1]} {local.tm_mday:02} {clock} {local.tm_year}"


class ErrorLog:
    """Where the messages of one virtual host go, and how important they must be.

    `levels` is LogLevel's value: the least important level by module name, "" for all others.
    """

    def __init__(self, file: LogFile, levels: Mapping[str, Level]) -> None:
        self.file = file
        self._levels = levels
        self._default = levels.get("", Level.WARN)

    def enabled(self, level: Level, module: str = "core") -> bool:
        """Whether a message of this level and module would be written: ask before composing an expensive one.

        Notices always are, as in Apache: they tell of starts, reloads and what the administrator asked for.
        """
        return level == Level.NOTICE or level <= self._levels.get(module, self._default)

    def write(
        self,
        level: Level,
        message: str,
        *,
        module: str = "core",
        client: tuple[str, int] | None = None,
        detail: Iterable[str] = (),
    ) -> None:
        """Log `message`, and each of `detail` on a line of its own with the same prefix.

        Whatever is not printable ASCII is escaped, line ends too. It is on its way to the disk when this returns.
        """
        if not self.enabled(level, module):
            return
        prefix = f"[{_stamp(time.time())}] [{module}:{level.name.lower()}] [pid {os.getpid()}] "
        if client is not None:
            prefix += f"[client {_endpoint(client)}] "
        for line in (message, *detail):
            self.file.write(f"{prefix}{escape_message(line)}\n".encode("ascii"))
        self.file.flush()

    def exception(
        self,
        message: str,
        *,
        module: str = "core",
        client: tuple[str, int] | None = None,
        level: Level = Level.ERROR,
    ) -> None:
        """Log `message` and the traceback of the exception being handled."""
        lines = traceback.format_exc().splitlines()
        self.write(level, message, module=module, client=client, detail=lines)


def _endpoint(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
