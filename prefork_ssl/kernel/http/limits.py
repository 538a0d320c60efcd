"""What a connection may ask of the server, and how long it may take: one host's limits, read once from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel import directives
from prefork_ssl.kernel.directives import ReadLimit, read_limits
from prefork_ssl.kernel.transport import Transport, Wire

# The header section as a whole may be this many times as long as its longest field.
_FIELDS_IN_ALL = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. `head` is the most that request line and header section have together; whatever
    is no longer than `short` has no line that is too long. `lines` of the head and `requests` on one connection are how
    many there may be."""

    line: int
    field: int
    short: int
    lines: float
    head: int
    header_time: ReadLimit
    body_time: ReadLimit
    patience: float
    idle: float
    requests: float


def limits_of(settings: Settings) -> Limits:
    """The limits of the host with these settings."""
    line, field = settings[directives.LIMIT_REQUEST_LINE], settings[directives.LIMIT_REQUEST_FIELD_SIZE]
    requests = _most(settings[directives.MAX_KEEP_ALIVE_REQUESTS])
    times = read_limits(settings[directives.REQUEST_READ_TIMEOUT])
    return Limits(
        line=line,
        field=field,
        short=min(line, field),
        lines=_most(settings[directives.LIMIT_REQUEST_FIELDS]) + 2,
        head=line + _FIELDS_IN_ALL * field,
        header_time=times.header,
        body_time=times.body,
        patience=settings[directives.TIMEOUT],
        idle=settings[directives.KEEP_ALIVE_TIMEOUT],
        requests=requests if settings[directives.KEEP_ALIVE] else 1,
    )


def _most(number: int) -> float:
    """A limit as directives have it, where 0 means any number."""
    return number or float("inf")


class PacedReader:
    """Reads one part of a request under its RequestReadTimeout.

    The sender may take `timeout` seconds and one more for each `rate` bytes it sent, `longest` in all. Only the time
    that we wait counts, not what a handler does meanwhile.
    """

    __slots__ = ("_left", "_rate", "_transport", "_until_longest", "_wire")

    def __init__(self, transport: Transport, limit: ReadLimit) -> None:
        self._transport = transport
        self._wire: Wire = transport.wire
        self._left = limit.timeout or float("inf")
        self._until_longest = limit.longest or float("inf")
        self._rate = limit.rate

    def read(self) -> bytes:
        """The next bytes of the transport; b"" at its end. Raises Deadline."""
        before = self._wire.now()
        self._wire.limit(min(self._left, self._until_longest))
        data = self._transport.read()
        spent = self._wire.now() - before
        self._until_longest -= spent
        self._left += (len(data) / self._rate if self._rate else 0.0) - spent
        return data
