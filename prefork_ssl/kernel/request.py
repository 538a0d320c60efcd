"""Request and Response: what dispatch, modules and handlers speak about."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from prefork_ssl.config.directives import Settings
    from prefork_ssl.config.tree import Host
    from prefork_ssl.kernel.dispatch.site import Site
    from prefork_ssl.kernel.generation import Key
    from prefork_ssl.kernel.transport import Transport

# Names in lower case, values stripped, both latin-1; in the order received.
HeaderList = list[tuple[str, str]]


class RequestError(Exception):
    """What was sent is no request that can be served: it is answered with `status` and, on its page, `note`. `last`
    tells that nothing more is to be read from the connection."""

    last = False

    def __init__(self, status: int, note: str) -> None:
        super().__init__(f"{status}: {note}")
        self.status = status
        self.note = note


class BodyError(RequestError):
    """The body breaks a limit or its framing, or stopped arriving."""

    last = True


class Unfinished(Exception):
    """Raised while a response's body is read, when who makes it elsewhere has not kept to its word: no mistake of ours,
    so the text is logged in one line. `status` is the answer if nothing has been sent yet."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class RequestBody(Protocol):
    """The message body as it arrives. Reading past the end gives b"".

    `limit` in bytes is LimitRequestBody's where the request leads; 0 means none. Set by dispatch.
    `received` counts the bytes of it that have arrived.
    """

    limit: int
    received: int

    def read(self, size: int) -> bytes:
        """At most `size` bytes, at least one unless the body has ended.

        Raises BodyError (with the status to answer) when the body breaks a limit or its framing."""

    @property
    def length(self) -> int | None:
        """Content-Length; None for a chunked body; 0 when there is no body."""


class NoBody:
    """The body of a request that has none."""

    limit = 0
    length = 0
    received = 0

    def read(self, _size: int) -> bytes:
        """Nothing."""
        return b""


NO_BODY: RequestBody = NoBody()


# Variables that tell what a path has led to.
OF_PATH = ("CONTEXT_DOCUMENT_ROOT", "SCRIPT_NAME")


class Request:
    """One request. Created by the HTTP loop; phases fill in what they find out.

    Set by the loop: method, target (as sent, latin-1), version ("HTTP/1.1"), headers (and with them fields: the same by
    name, several lines joined by ", "), body, transport, started (time.time()), number (of requests before this one on
    the connection), reply_version (by its rules the response is framed: `version`, but for clients that need another).
    Set by dispatch: site, host, host_name (from the target or the Host field; lower case, no port; "" without either),
    path (decoded and normalised, begins with "/"; "*" for OPTIONS *; bytes that are not UTF-8 as with os.fsdecode),
    query (without "?"; None if there was no "?"), settings (merged), previous (the request within which this one is
    made, for an error document or a test).
    Set by phases: filename, path_info, handler, user, auth_type, env (notes for logs, conditions, applications: text);
    response, as soon as there is one; notes, what modules keep for later phases, by keys of their own.
    """

    __slots__ = (
        "_headers",
        "auth_type",
        "body",
        "env",
        "fields",
        "filename",
        "handler",
        "host",
        "host_name",
        "method",
        "notes",
        "number",
        "path",
        "path_info",
        "previous",
        "query",
        "reply_version",
        "response",
        "settings",
        "site",
        "started",
        "target",
        "transport",
        "user",
        "version",
    )

    fields: dict[str, str]
    host: Host
    host_name: str
    path: str
    query: str | None
    settings: Settings
    site: Site

    def __init__(
        self,
        method: str,
        target: str,
        version: str,
        headers: HeaderList,
        body: RequestBody,
        transport: Transport,
        number: int = 0,
    ) -> None:
        self.method = method
        self.target = target
        self.version = self.reply_version = version
        self._headers = headers
        self.fields = _by_name(headers)
        self.body = body
        self.transport = transport
        self.number = number
        self.started = time.time()
        self.previous: Request | None = None
        self.response: Response | None = None
        self.filename: str | None = None
        self.path_info = ""
        self.handler: str | None = None
        self.user: str | None = None
        self.auth_type: str | None = None
        self.env: dict[str, str] = {}
        self.notes: dict[Key[Any], Any] = {}

    @property
    def headers(self) -> HeaderList:
        """The header fields as received. To change them, assign a new list."""
        return self._headers

    @headers.setter
    def headers(self, headers: HeaderList) -> None:
        self._headers = headers
        self.fields = _by_name(headers)

    def header(self, name: str) -> str | None:
        """The value of the header field `name` (lower case); several lines are one list (RFC 9110 section 5.2)."""
        return self.fields.get(name)

    def inner(self, method: str, target: str, headers: HeaderList) -> Request:
        """A request within this one, by the same client to the same host, without a body. It still needs a path."""
        inner = Request(method, target, self.version, headers, NO_BODY, self.transport, self.number)
        inner.site, inner.host, inner.host_name = self.site, self.host, self.host_name
        inner.settings, inner.previous = self.host.settings, self
        inner.env = {name: value for name, value in self.env.items() if name not in OF_PATH}
        inner.started = self.started
        return inner

    @property
    def depth(self) -> int:
        """How many requests this one is within."""
        return 0 if self.previous is None else self.previous.depth + 1

    def move(self, path: str) -> None:
        """Begin anew with another path, decoded as in `path`. What was found out about the first one is forgotten, also
        who the user is: whoever may see the one may not see the other."""
        self.path = path
        self.path_info = ""
        self.filename = self.handler = self.user = self.auth_type = None
        for name in OF_PATH:
            self.env.pop(name, None)

    @property
    def line(self) -> str:
        """The request line."""
        return f"{self.method} {self.target} {self.version}".rstrip()


def _by_name(headers: HeaderList) -> dict[str, str]:
    fields = dict(headers)
    if len(fields) != len(headers):
        fields.clear()
        for name, value in headers:
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """In place of a Response: the answer is that of another path of the same host, with all that holds there. Clients
    do not learn of it. `path` is decoded as in Request.path."""

    path: str


@dataclass(frozen=True, slots=True)
class FileBody:
    """Bytes of an open file, sent without reading them all into memory. The sender closes `fd`."""

    fd: int
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Upgrade:
    """With a Response of status 101 (RFC 9110 section 7.8): the connection goes on in `protocol`. `converse` is given
    what of it has already arrived, speaks it until it has ended, and returns how many bytes it has sent. It raises
    OSError and Deadline as the transport does. The caller shuts the transport down."""

    protocol: str
    converse: Callable[[bytes], int]


# bytes, or a part of a file, or pieces as they come. The head leaves with the first one, which may be empty. The
# iterable is closed with .close() if it has one; .trailers, if it has them, are fields to send behind the last piece.
Body = bytes | FileBody | Iterable[bytes]


class Response:
    """An answer. `headers` keeps order and the names' spelling. `length` of the body in bytes; None if not known
    beforehand (chunked, or ended by close). A status of 400 or more with `body` None gets the ErrorDocument of that
    status, with `note` as its explanation (plain text, escaped when shown), and below it a link to the URI `link`, if
    there is one. `upgrade` goes with status 101. `internal` tells that the server itself has made it, in place of what
    was asked for: the page of an error, a redirection. `media_type` is that of the representation which the response
    is about, where no Content-Type field tells it (304, multipart/byteranges).
    """

    __slots__ = (
        "body",
        "close",
        "head_size",
        "headers",
        "internal",
        "length",
        "link",
        "media_type",
        "note",
        "sent",
        "status",
        "upgrade",
    )

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
        self.link = ""
        self.internal = False
        self.media_type: str | None = None
        self.close = False  # end the connection after this response
        self.sent = 0  # bytes of body sent, for the log
        self.head_size = 0  # bytes of status line and header fields, as soon as they are made
        self.upgrade: Upgrade | None = None
        if isinstance(body, FileBody):
            self.length = body.count

    def discard(self) -> None:
        """Free what the body holds, a file or whatever its close() frees, because it will not be sent (any more)."""
        body = self.body
        if isinstance(body, bytes):
            return
        if isinstance(body, FileBody):
            os.close(body.fd)
        else:
            getattr(body, "close", _nothing)()


def _nothing() -> None:
    return
