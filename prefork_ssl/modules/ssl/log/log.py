"""The dedicated SSL log of one host: which events are told, and where.

What LogLevel lets through goes to the error log too: by default errors and warnings, whatever SSLLogLevel says.
"""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.files import LogFile
from prefork_ssl.modules.ssl.log import text
from prefork_ssl.modules.ssl.log.event import Address, Event
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.repeats import Repeats
from prefork_ssl.modules.ssl.log.vocabulary import FAILURES

__all__ = ["Address", "Event", "SSLLog"]

MODULE = "ssl"  # as in: LogLevel ssl:info

Render = Callable[[Event, str], bytes]
Explain = Callable[[], str]


class SSLLog:
    """Where the events of one host go. `host` is "name:port". `file` is None without SSLLog.

    `tells_info`, `tells_trace` and `tells_debug` are asked before an event of a connection, step or record is composed.
    """

    def __init__(
        self,
        host: str,
        file: LogFile | None,
        level: SSLLevel,
        general: ErrorLog,
        render: Render = text.render,
        repeats: Repeats | None = None,
    ) -> None:
        self.host = host
        self._file = file
        self._level = level if file else SSLLevel.NONE
        self._general = general
        self._general_level = max(
            each for each in SSLLevel if not each or general.enabled(each.general, MODULE)
        )
        self._render = render
        self._repeats = repeats or Repeats()
        told = max(self._level, self._general_level)
        self.tells_info = told >= SSLLevel.INFO
        self.tells_trace = told >= SSLLevel.TRACE
        self.tells_debug = told >= SSLLevel.DEBUG

    @property
    def dedicated(self) -> bool:
        """Whether there is an SSLLog, and not just the error log."""
        return self._file is not None

    def write(self, event: Event, explain: Explain | None = None) -> None:
        """Log the event wherever its level lets it; `explain` gives its hint, and is called only if it is told. Raises
        nothing."""
        if self._due(event):
            if explain is not None:
                event.hint = self._explained(explain)
            self._note(event)
            if event.level <= self._general_level:
                self._tell_general(event)

    def note(self, event: Event) -> None:
        """Log the event in the SSL log only."""
        if self._due(event):
            self._note(event)

    def _explained(self, explain: Explain) -> str:
        """An event is told even if what to do about it cannot be found out."""
        try:
            return explain()
        except Exception:  # noqa: BLE001
            self._general.exception("a hint failed", module=MODULE)
            return ""

    def _due(self, event: Event) -> bool:
        """Whether the event is told anywhere, and not for the hundredth time."""
        if event.level > self._level and event.level > self._general_level:
            return False
        return event.name not in FAILURES or self._repeats.admit(self, event)

    def _note(self, event: Event) -> None:
        if event.level <= self._level and self._file is not None:
            self._file.write(self._render(event, self.host))
            if event.level <= SSLLevel.ERROR:
                self._file.flush()

    def _tell_general(self, event: Event) -> None:
        message = text.sentence(event, f"server {self.host}")
        detail = text.more_lines(event)
        self._general.write(event.level.general, message, module=MODULE, client=event.client, detail=detail)
