"""Request and Response: what dispatch, modules and handlers speak about."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from prefork_ssl.config.directives import Settings
    from prefork_ssl.config.tree import Host
    from prefork_ssl.kernel.transport import Transport

# Names in lower case, values stripped, both latin-1; in the order received.
HeaderList = list[tuple[str, str]]


class RequestBody(Protocol):
    """The message body as it arrives. Reading past the end gives b""."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes, at least one unless the body has ended.

        Raises BodyError (with the status to answer) when the body breaks a limit or its framing."""

    @property
    def length(self) -> int | None:
        """Content-Length; None for a chunked body; 0 when there is no body."""


class Request:
    """One request. Created by the HTTP loop; phases fill in what they find out.

    Set by the loop: method, target (as sent), version ("HTTP/1.1"), headers, body, transport, started (time.time()).
    Set by dispatch: host, host_name (from the Host field or the target, lower case, no port), path (decoded and
    normalised, begins with "/"; "*" for OPTIONS *), query (without "?"; None if there was no "?"), settings (merged).
    Set by phases: filename, path_info, handler, user, auth_type, env (notes for logs, conditions, applications).
    """

    __slots__ = (
        "auth_type",
        "body",
        "env",
        "filename",
        "handler",
        "headers",
        "host",
        "host_name",
        "method",
        "number",
        "path",
        "path_info",
        "query",
        "settings",
        "started",
        "target",
        "transport",
        "user",
        "version",
    )

    host: Host
    host_name: str
    path: str
    query: str | None
    settings: Settings

    def __init__(
        self, method: str, target: str, version: str, headers: HeaderList, body: RequestBody, transport: Transport
    ) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.body = body
        self.transport = transport
        self.number = 0  # of requests before this one on the connection
        self.started = time.time()
        self.filename: str | None = None
        self.path_info = ""
        self.handler: str | None = None
        self.user: str | None = None
        self.auth_type: str | None = None
        self.env: dict[str, str] = {}

    def header(self, name: str) -> str | None:
        """The value of the header field `name` (lower case); several lines are joined by ", " (RFC 9110 section 5.2)."""
        found = [value for key, value in self.headers if key == name]
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class FileBody:
    """Bytes of an open file, sent without reading them all into memory. The sender closes `fd`."""

    fd: int
    offset: int
    count: int


# bytes, or a part of a file, or chunks as they come (closed with .close() if it has one).
Body = bytes | FileBody | Iterable[bytes]


class Response:
    """An answer. `headers` keeps order and the names' spelling. `length` of the body in bytes; None if not known
    beforehand (chunked, or ended by close). A status of 400 or more with `body` None gets the ErrorDocument of that
    status, with `note` as its explanation (plain text, escaped when shown).
    """

    __slots__ = ("body", "close", "headers", "length", "note", "sent", "status")

    def __init__(
        self,
        status: int,
        headers: Iterable[tuple[str, str]] = (),
        body: Body | None = None,
        *,
        length: int | None = None,
        note: str = "",
    ) -> None:
        self.status = status
        self.headers = list(headers)
        self.body = body
        self.length = len(body) if isinstance(body, bytes) else length
        self.note = note
        self.close = False  # end the connection after this response
        self.sent = 0  # bytes of body sent, for the log
