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


def ask(url: str, question: bytes, seconds: float, proxy: str = "") -> bytes:
    """Send an OCSP request (DER) to an http:// URL, through the HTTP proxy at another if there is one; what comes back.
    It takes up to `seconds` for the connection, and as long again for the answer. Raises NoAnswer."""
    whoever = f"the proxy {proxy}" if proxy else "it"
    try:
        response, answer = _post(url, question, seconds, proxy)
    except TimeoutError:
        raise NoAnswer(f"{whoever} does not answer within {seconds:g} s") from None
    except (OSError, HTTPException, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
        raise NoAnswer(f"{whoever} cannot be asked: {why}") from error
    if response.status != 200:
        raise NoAnswer(f"{whoever} answers {response.status} {response.reason}")
    if len(answer) > LONGEST:
        raise NoAnswer(f"its answer has more than {LONGEST} bytes")
    if response.length:
        raise NoAnswer(f"its answer breaks off {response.length} bytes before its end")
    return answer


def _post(url: str, question: bytes, seconds: float, proxy: str) -> tuple[HTTPResponse, bytes]:
    """The response, and its body."""
    whom = urlsplit(proxy or url)
    with closing(HTTPConnection(whom.hostname or "", whom.port, timeout=seconds)) as connection:
        connection.connect()
        with _time_limit(connection.sock, seconds):
            connection.request("POST", _target(url, absolute=bool(proxy)), question, _HEADERS)
            response = connection.getresponse()
            return response, response.read(LONGEST + 1)


def _target(url: str, *, absolute: bool) -> str:
    """What the request line asks for: servers get the path, proxies the whole (RFC 9112 section 3.2.2)."""
    parts = urlsplit(url)
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    return f"http://{parts.netloc.rpartition('@')[2]}{path}" if absolute else path


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
