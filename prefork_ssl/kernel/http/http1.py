"""HTTP/1.1 (RFC 9112) over a Transport: one request after the other until the connection ends.

    read a head -> Request -> dispatch -> send the response -> log -> read past what is left of the body -> again

A connection ends when either side asks for it, when what arrived is no request, when a request has more body left than
is worth reading, or when a response could not be sent whole. It is then closed so that the last response is not lost.
"""

from __future__ import annotations

from typing import Protocol

from prefork_ssl.kernel.dispatch.dispatch import Dispatcher
from prefork_ssl.kernel.http.body import MessageBody
from prefork_ssl.kernel.http.head import check_fields, check_sizes, read_version, stays_open
from prefork_ssl.kernel.http.incoming import Incoming
from prefork_ssl.kernel.http.limits import PacedReader
from prefork_ssl.kernel.http.old_clients import VARIABLES, status_version
from prefork_ssl.kernel.http.parser import MessageParser
from prefork_ssl.kernel.http.response_head import InvalidResponse
from prefork_ssl.kernel.http.response_writer import BrokenBody, ResponseWriter
from prefork_ssl.kernel.request import NO_BODY, Request, RequestBody, RequestError, Response
from prefork_ssl.kernel.transport import Deadline, Transport

# How much of a body that nobody wanted is read, so that the connection can be used again.
_UNREAD = 65536

# Seconds that a connection which we end may go on sending; what it sends is thrown away.
_LINGER = 2.0


class Serving(Protocol):
    """What the loop knows of the worker."""

    @property
    def draining(self) -> bool:
        """Whether connections are to end with their next response."""

    def request_begins(self, request: Request) -> None:
        """A request's head has arrived and its handling begins."""

    def request_ends(self, request: Request, response: Response) -> None:
        """The response was sent (response.sent bytes of its body) or given up, and logged."""


def serve(transport: Transport, dispatcher: Dispatcher, serving: Serving) -> None:
    """Speak HTTP until the connection has ended, and end it in good order; the caller closes the wire."""
    conversation = Conversation(transport, dispatcher, serving)
    try:
        while conversation.exchange():
            pass
    except (OSError, Deadline) as error:
        # The peer has gone, or reads no more, or the response broke off: it must not look whole.
        conversation.endpoint.lost(transport.wire, error)
        transport.abandon()
        return
    try:
        _part(transport, conversation.unheard)
    except (OSError, Deadline) as error:
        conversation.endpoint.lost(transport.wire, error)


def _part(transport: Transport, unheard: bool) -> None:
    """End the connection in good order. `unheard`: the peer may still be sending."""
    wire = transport.wire
    wire.patience = _LINGER
    wire.limit(_LINGER)
    transport.shutdown()
    if unheard or wire.unread():
        wire.linger(_LINGER)


class Conversation:
    """One connection's requests and responses. `endpoint` answers them. `unheard`: we end it, and the peer may still be
    sending."""

    __slots__ = (
        "_incoming",
        "_limits",
        "_number",
        "_parser",
        "_serving",
        "_special",
        "_transport",
        "_writer",
        "_writers",
        "endpoint",
        "unheard",
    )

    def __init__(self, transport: Transport, dispatcher: Dispatcher, serving: Serving) -> None:
        self._transport = transport
        self._serving = serving
        self._special = VARIABLES | transport.accommodates
        self._writers = dispatcher.writers
        self._writer = dispatcher.writers["HTTP/1.1"]
        self.endpoint = dispatcher.at(transport.wire.local)
        self._limits = limits = self.endpoint.limits
        self._incoming = Incoming(transport, limits)
        self._parser = MessageParser()
        self._number = 0
        self.unheard = False
        transport.wire.patience = limits.patience

    def exchange(self) -> bool:
        """One request and its response; returns whether another may follow. Raises OSError, Deadline."""
        try:
            head = self._incoming.read_head()
            if head is None:
                return False
            request = self._request(head)
        except Deadline:
            return False
        except RequestError as error:
            self._refuse(error)
            return False
        return self._answer(request)

    def _request(self, head: bytes) -> Request:
        """The request with this head. Raises RequestError."""
        limits = self._limits
        if len(head) > limits.short or head.count(b"\r\n") > limits.lines:
            check_sizes(head, limits)
        message = self._parser.parse_head(head)
        version = read_version(head, message.method, message.target)
        method, target = message.method.decode("latin-1"), message.target.decode("latin-1")
        request = Request(method, target, version, message.headers, NO_BODY, self._transport, self._number)
        self._number += 1
        check_fields(request)
        if not message.complete or self._parser.upgrading:
            request.body = self._body(request)
        return request

    def _body(self, request: Request) -> RequestBody:
        fields, parser = request.fields, self._parser
        length = None if "transfer-encoding" in fields else int(fields.get("content-length", "0"))
        if parser.upgrading:
            parser.stay_with_http(
                b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
            )
            if parser.message.complete:
                return NO_BODY
        reader = PacedReader(self._transport, self._limits.body_time)
        awaited = request.version == "HTTP/1.1" and "expect" in fields
        return MessageBody(self._incoming, parser, reader, length, awaited)

    def _answer(self, request: Request) -> bool:
        body = request.body
        self._serving.request_begins(request)
        response = self.endpoint.answer(request)
        site = request.site
        writer = self._writer
        if not self._special.isdisjoint(request.env):
            writer = self._accommodate(request, response)
        keep = self._may_stay(request, response, body)
        if isinstance(body, MessageBody):
            body.awaited = (
                False  # whoever reads it while the response leaves must not say "100 Continue" within that
            )
        try:
            keep = writer.send(request, response, keep)
            if response.upgrade is not None:
                response.sent = response.upgrade.converse(self._incoming.pending)
        except InvalidResponse as error:
            response = site.unsendable(request, error)
            keep = writer.send(request, response, keep)
        except BrokenBody as error:
            site.broken(request, error)
            raise ConnectionAbortedError(str(error)) from error
        finally:
            site.log(request, response)
            self._serving.request_ends(request, response)
        if isinstance(body, MessageBody) and not body.complete:
            keep = keep and body.discard(_UNREAD)
            self.unheard = not keep
        return keep

    def _accommodate(self, request: Request, response: Response) -> ResponseWriter:
        """Do as variables of the request say, which are there for clients that need it; who sends the response."""
        self._transport.accommodate(request.env)
        return self._writers[status_version(request, response)]

    def _may_stay(self, request: Request, response: Response, body: RequestBody) -> bool:
        """Whether the connection can be used again as far as we know before the response is sent."""
        if not stays_open(request.reply_version, request.fields.get("connection")):
            self.unheard = request.reply_version != request.version  # it is we who want the end
            return False
        limits = request.site.limits
        self._incoming.idle = limits.idle
        self.unheard = (
            response.close
            or self._serving.draining
            or self._number >= limits.requests
            or (self._transport.renewed and self._left_by_another())
            or (isinstance(body, MessageBody) and not body.complete and not body.worth_reading(_UNREAD))
        )
        return not self.unheard

    def _left_by_another(self) -> bool:
        """Whether there is something left of what the peer sent before it became somebody else."""
        transport = self._transport
        transport.renewed = False
        return bool(self._incoming.pending or transport.early)

    def _refuse(self, error: RequestError) -> None:
        """Answer what is no request, and end the connection: where the next one would begin is not known."""
        self.unheard = True
        request = self._refused_request()
        response = self.endpoint.refuse(request, error)
        try:
            self._writer.send(request, response, keep=False)
        finally:
            request.site.log(request, response)

    def _refused_request(self) -> Request:
        """What arrived instead of a request, as far as it looks like one; for the log."""
        line = bytes(self._incoming.head[: self._limits.line]).partition(b"\r\n")[0].decode("latin-1")
        method, _, rest = line.partition(" ")
        target, _, version = rest.rpartition(" ") if " HTTP/" in rest else (rest, "", "")
        return Request(method, target, version, [], NO_BODY, self._transport, self._number)
