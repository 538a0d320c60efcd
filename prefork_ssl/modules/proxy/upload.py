"""The body of a request on its way to the backend, while the answer may already come: a greenlet of its own.

So neither side can block the other, and a backend that answers before it has read everything is heard.
"""

from __future__ import annotations

import gevent
from gevent import get_hub

from prefork_ssl.kernel.request import RequestBody, RequestError
from prefork_ssl.kernel.transport import Deadline
from prefork_ssl.modules.proxy.connection import BackendConnection

# Bytes of a body that are read before the backend hears of the request. It does not have to wait for a slow client
# then, and the request can be sent a second time.
SMALL = 65536

_PIECE = 65536


class Upload:
    """Sends a body from when it is made until the body has ended, the backend takes no more, or `stop`."""

    def __init__(self, body: RequestBody, connection: BackendConnection) -> None:
        self._body = body
        self._connection = connection
        self._whole = False
        connection.uploading = True
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> bool:
        """Whether the whole body was sent. It is no longer read."""
        if not self._whole:
            self._greenlet.kill()
        return self._whole

    def _run(self) -> None:
        try:
            self._send()
            self._end()
        except RequestError as error:
            self._give_up(error)
        except (OSError, Deadline):
            # The backend reads no more, or is gone. If it has said why, who reads its answer will see it.
            return

    def _send(self) -> None:
        body, write = self._body, self._connection.transport.write
        chunked = body.length is None
        while piece := body.read(_PIECE):
            write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            self._connection.expect()
        if chunked:
            write(b"0\r\n\r\n")

    def _end(self) -> None:
        self._whole = True
        self._connection.uploading = False
        self._connection.expect()

    def _give_up(self, error: RequestError) -> None:
        """The client's part has failed: the backend must not take what it has for the whole."""
        connection = self._connection
        connection.error = error
        connection.wire.abort()
        get_hub().loop.run_callback(connection.wire.interrupt, ConnectionAbortedError())


def read_small(body: RequestBody) -> bytes:
    """A body whose length is known to be at most SMALL. Raises BodyError."""
    pieces = []
    while piece := body.read(SMALL):
        pieces.append(piece)
    return b"".join(pieces)
