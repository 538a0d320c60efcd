"""Asking an OCSP responder over HTTP (RFC 6960 appendix A.1)."""

from __future__ import annotations

import encodings.idna  # noqa: F401 - looked for by the first connection: by then Python's own files may be out of reach
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlsplit

from prefork_ssl.kernel.http.software import PRODUCT, VERSION
from prefork_ssl.modules.ssl.stapling.staple import LONGEST

_HEADERS = {
    "Content-Type": "application/ocsp-request",
    "Accept": "application/ocsp-response",
    "User-Agent": f"{PRODUCT}/{VERSION}",
    "Connection": "close",
}


class NoAnswer(Exception):
    """The responder could not be asked, and why."""


def ask(url: str, question: bytes, seconds: float) -> bytes:
    """Send an OCSP request (DER) to an http:// URL; what comes back. It takes up to `seconds` for the connection, and
    as long again for the answer. Raises NoAnswer."""
    try:
        response, answer = _post(url, question, seconds)
    except TimeoutError:
        raise NoAnswer(f"it does not answer within {seconds:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
        raise NoAnswer(f"it cannot be asked: {why}") from error
    if response.status != 200:
        raise NoAnswer(f"it answers {response.status} {response.reason}")
    if len(answer) > LONGEST:
        raise NoAnswer(f"its answer has more than {LONGEST} bytes")
    if response.length:
        raise NoAnswer(f"its answer breaks off {response.length} bytes before its end")
    return answer


def _post(url: str, question: bytes, seconds: float) -> tuple[HTTPResponse, bytes]:
    """The response, and its body."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)) as connection:
        connection.connect()
        with _time_limit(connection.sock, seconds):
            connection.request("POST", path, question, _HEADERS)
            response = connection.getresponse()
            return response, response.read(LONGEST + 1)


@contextmanager
def _time_limit(sock: socket.socket, seconds: float) -> Iterator[None]:
    """The socket's own limit is for each wait; this one is for all of them together. Raises TimeoutError."""
    over = threading.Event()

    def interrupt() -> None:
        over.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if not over.is_set():
            raise
    finally:
        timer.cancel()
    if over.is_set():
        raise TimeoutError
