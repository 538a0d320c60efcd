"""Levels trace and debug: one connection as OpenSSL sees it, and as the network does."""

from __future__ import annotations

from prefork_ssl.modules.ssl.log.alerts import alert_name
from prefork_ssl.modules.ssl.log.event import Address, Event, Value, quoted
from prefork_ssl.modules.ssl.log.hints.client_certificate import described
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.log.records import Records
from prefork_ssl.modules.ssl.openssl import Rejection

_FATAL = 2
_STEPS = {
    "start": "handshake begins",
    "done": "handshake done",
    "in": "{state}",
    "waiting in": "waits in {state}",
    "failed in": "failed in {state}",
}


class Trace:
    """A Watcher (openssl/watching.py) that tells the log."""

    __slots__ = ("_client", "_log", "_received", "_sent")

    def __init__(self, log: SSLLog, client: Address) -> None:
        self._log = log
        self._client = client
        self._received = Records()
        self._sent = Records()

    def step(self, what: str, state: str) -> None:
        """See Watcher."""
        self._write("state", f"OpenSSL: {_STEPS[what].format(state=state)}", {"step": what, "state": state})

    def alert(self, direction: str, level: int, number: int) -> None:
        """See Watcher."""
        severity, name = "fatal" if level == _FATAL else "warning", alert_name(number)
        fields: dict[str, Value] = {"direction": direction, "severity": severity, "alert": name}
        self._write("alert", f"OpenSSL: alert {direction}: {severity} {name}", fields)

    def verified(self, depth: int, certificate: bytes, code: int) -> None:
        """See Watcher."""
        found = Rejection(code, depth, certificate)
        shown = described(found)
        whose = f"certificate of {quoted(shown.subject)}, issued by {quoted(shown.issuer)}"
        fields: dict[str, Value] = {
            "depth": depth,
            "subject": shown.subject,
            "issuer": shown.issuer,
            "result": found.text,
        }
        self._write("verification", f"verification: {whose}, depth {depth}: {found.text}", fields)

    def received(self, data: bytes) -> None:
        """See Watcher."""
        if self._log.tells_debug:
            self._dump("received", self._received, data)

    def sent(self, data: bytes) -> None:
        """See Watcher."""
        if self._log.tells_debug:
            self._dump("sent", self._sent, data)

    def _write(self, name: str, message: str, fields: dict[str, Value]) -> None:
        self._log.write(Event(SSLLevel.TRACE, name, message, self._client, fields))

    def _dump(self, direction: str, records: Records, data: bytes) -> None:
        for kind, record in records.feed(data):
            message = f"record {direction}: {kind}, {len(record)} bytes"
            fields: dict[str, Value] = {"direction": direction, "type": kind, "bytes": len(record)}
            self._log.write(Event(SSLLevel.DEBUG, "record", message, self._client, fields, data=record))
