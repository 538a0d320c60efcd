"""One connection to a backend: what is said and heard on it, each wait with its limit.

It is used for one request at a time. `end` gives it back to its pool, or closes it.
"""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.http.response_head import send_interim
from prefork_ssl.kernel.request import Request
from prefork_ssl.kernel.transport import ClientTransport, Deadline, Wire
from prefork_ssl.modules.proxy.failures import BackendFailure, Stale
from prefork_ssl.modules.proxy.reply_head import HEAD_SIZE, MOST_INTERIM, ReplyHead, read_head

_END = b"\r\n\r\n"
_FOREVER = float("inf")


class BackendConnection:
    """`used`: it has had an answer before. `uploading`: the request's body is on its way, which takes the time that the
    client takes; an answer cannot be expected before. `pending` has arrived behind the last head. `error` is raised
    instead of waiting for an answer: what became of the request's body meanwhile. `since` is when it was last used, in
    the loop's time."""

    __slots__ = (
        "_give_back",
        "_timeout",
        "error",
        "pending",
        "since",
        "transport",
        "uploading",
        "used",
        "wire",
    )

    def __init__(
        self,
        transport: ClientTransport,
        timeout: float,
        give_back: Callable[[BackendConnection, bool], None],
    ) -> None:
        self.transport = transport
        self.wire: Wire = transport.wire
        self.used = False
        self.uploading = False
        self.pending = b""
        self.error: Exception | None = None
        self.since = 0.0
        self._timeout = timeout
        self._give_back: Callable[[BackendConnection, bool], None] | None = give_back
        self.wire.patience = timeout

    def lend(self, give_back: Callable[[BackendConnection, bool], None]) -> None:
        """Begin with the next request."""
        self._give_back = give_back

    def end(self, reusable: bool) -> None:
        """The request is over. Only the first call counts."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            self.used = True
            give_back(self, reusable and not self.pending and self.error is None)

    def send(self, data: bytes) -> None:
        """Raises BackendFailure, Stale."""
        try:
            self.transport.write(data)
        except Deadline:
            raise BackendFailure(504, "took no more of the request") from None
        except OSError as error:
            # It may have answered before it closed: that is seen when the answer is read.
            if self.used and not self.wire.unread():
                raise Stale from error

    def read(self) -> bytes:
        """What comes next; b"" at the end. Raises BackendFailure, or `error`."""
        if self.error is not None:
            raise self.error
        self.expect()
        try:
            return self.transport.read()
        except Deadline:
            raise BackendFailure(504, f"sent nothing for {self._timeout:g} s") from None
        except OSError as error:
            if self.error is not None:
                raise self.error from None
            raise BackendFailure(502, f"broke the connection: {error.strerror or error}") from error

    def expect(self) -> None:
        """From now on the backend has its time to say something."""
        self.wire.limit(_FOREVER if self.uploading else self._timeout)

    def speaks_within(self, seconds: float) -> bool:
        """Whether something comes within that time. Raises BackendFailure."""
        self.wire.limit(seconds)
        try:
            self.pending = self.transport.read()
        except Deadline:
            return False
        except OSError as error:
            raise BackendFailure(502, f"broke the connection: {error.strerror or error}") from error
        if not self.pending:
            raise BackendFailure(502, "closed the connection without an answer")
        return True

    def receive_head(self, request: Request) -> ReplyHead:
        """The answer's head; what follows is `pending`. Interim ones are passed on (RFC 9110 section 15.2), but for 100
        Continue, which is about the request on this connection. Raises BackendFailure, Stale, or `error`."""
        for _ in range(MOST_INTERIM + 1):
            head = self.receive_any_head(request.method)
            if head.status >= 200 or head.status == 101:
                return head
            if head.status != 100:
                send_interim(request, head.status, head.headers)
        raise BackendFailure(502, f"sent more than {MOST_INTERIM} interim answers")

    def receive_any_head(self, method: str) -> ReplyHead:
        """The next head, interim or not. Raises as receive_head does."""
        data = self.pending or self._first()
        end = data.find(_END) + 4
        while end < 4:
            if len(data) > HEAD_SIZE:
                break
            more = self.read()
            if not more:
                raise BackendFailure(502, "closed the connection within the header of its answer")
            known = max(len(data) - 3, 0)
            data += more
            end = data.find(_END, known) + 4
        if end < 4 or end > HEAD_SIZE:
            raise BackendFailure(502, f"sent a header of more than {HEAD_SIZE} bytes")
        self.pending = data[end:]
        return read_head(data[:end], method)

    def _first(self) -> bytes:
        try:
            data = self.read()
        except BackendFailure as failure:
            if self.used and failure.status == 502:
                raise Stale from failure
            raise
        if data:
            return data
        if self.used:
            raise Stale
        raise BackendFailure(502, "closed the connection without an answer")
