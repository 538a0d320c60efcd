"""One request handed on to a backend, and its answer taken back.

    a connection -> the head, with the body if that is small -> the answer's head -> a Response whose body is read later

A request that may be sent twice is, once, if a connection that was kept turns out to have been closed by the backend.
It may not if its body is not here any more, or if its method may change something (RFC 9110 section 9.2.2).
"""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.request import HeaderList, Request, Response, Upgrade
from prefork_ssl.modules.proxy.connection import BackendConnection
from prefork_ssl.modules.proxy.failures import BackendFailure, Stale
from prefork_ssl.modules.proxy.old_backends import is_used_once, speaks_1_0, wants_new_connection
from prefork_ssl.modules.proxy.pool import Pool
from prefork_ssl.modules.proxy.reply_body import ReplyBody, pieces_of
from prefork_ssl.modules.proxy.reply_head import ReplyHead
from prefork_ssl.modules.proxy.request_head import (
    RequestHeads,
    framing_of,
    takes_trailers,
    wanted_upgrade,
)
from prefork_ssl.modules.proxy.tunnel import Tunnel
from prefork_ssl.modules.proxy.upload import SMALL, Upload, read_small

_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PROPFIND", "REPORT", "SEARCH"))
# Seconds that a backend has to say that it wants the body of a request that expects 100-continue; then it is sent
# anyway (RFC 9110 section 10.1.1).
_EXPECTATION = 1.0


class Exchanger:
    """Speaks to one backend. `name` is for logs."""

    def __init__(self, pool: Pool, heads: RequestHeads, name: str, upgrades: tuple[str, ...]) -> None:
        self._pool = pool
        self._heads = heads
        self._name = name
        self._upgrades = upgrades

    def answer(self, request: Request, path: str) -> Response:
        """The backend's answer to the request, for the encoded `path`. Raises BackendFailure, BodyError."""
        body, upgrade = request.body, ""
        if body.length is None and speaks_1_0(request.env):
            return Response(411)
        if body.length == 0:
            if "upgrade" in request.fields:
                upgrade = wanted_upgrade(request, self._upgrades)
        elif body.length is None or body.length > SMALL or "expect" in request.fields:
            return self._exchange_large(request, path)
        data = read_small(body) if body.length else b""
        return self._exchange(
            request, self._heads.head(request, path, framing_of(request), upgrade) + data, upgrade
        )

    def _exchange(self, request: Request, message: bytes, upgrade: str) -> Response:
        connection = self._borrow(request, careful=request.method not in _IDEMPOTENT)
        try:
            try:
                connection.send(message)
                head = connection.receive_head(request)
            except Stale:
                if request.method not in _IDEMPOTENT:
                    raise
                connection.end(reusable=False)
                connection = self._pool.borrow_new()
                connection.send(message)
                head = connection.receive_head(request)
            return self._response(request, head, connection, None, upgrade)
        except BaseException:
            connection.end(reusable=False)
            raise

    def _borrow(self, request: Request, *, careful: bool) -> BackendConnection:
        return self._pool.borrow_new() if wants_new_connection(request) else self._pool.borrow(careful)

    def _exchange_large(self, request: Request, path: str) -> Response:
        """The body follows while the answer is awaited; it cannot be sent twice."""
        framing = framing_of(request)
        expects = "expect" in request.fields and not speaks_1_0(request.env)
        if expects:
            framing += "Expect: 100-continue\r\n"
        connection = self._borrow(request, careful=True)
        upload = None
        try:
            connection.send(self._heads.head(request, path, framing))
            refusal = self._refusal(request, connection) if expects else None
            if refusal is not None:
                return self._unwanted(request, refusal, connection)
            upload = Upload(request.body, connection)
            head = connection.receive_head(request)
            return self._response(request, head, connection, upload, "")
        except BaseException:
            if upload is not None:
                upload.stop()
            connection.end(reusable=False)
            raise

    def _refusal(self, request: Request, connection: BackendConnection) -> ReplyHead | None:
        """The backend's answer if it has one without having seen the body, None if it wants to see it."""
        if not connection.speaks_within(_EXPECTATION):
            return None
        head = connection.receive_any_head(request.method)
        return head if head.status >= 200 else None

    def _unwanted(self, request: Request, head: ReplyHead, connection: BackendConnection) -> Response:
        """The answer of a backend that does not want to see the body: whether it waits for it all the same is not
        known, so the connection is used up."""
        response = Response(head.status, head.headers, length=head.length)
        response.body = self._body(request, head, connection, lambda _whole: connection.end(reusable=False))
        return response

    def _response(
        self,
        request: Request,
        head: ReplyHead,
        connection: BackendConnection,
        upload: Upload | None,
        upgrade: str,
    ) -> Response:
        if head.status == 101:
            return self._switch(request, head, connection, upgrade)
        keep = head.keep and not is_used_once(request.env)
        response = Response(head.status, head.headers)
        if upload is None and (head.bodiless or head.length == len(connection.pending)):
            _take_all(request, response, head, connection)
            connection.end(keep)
            return response

        def finish(whole: bool) -> None:
            sent = upload is None or upload.stop()
            connection.end(whole and sent and keep)

        response.body = self._body(request, head, connection, finish)
        response.length = head.length
        return response

    def _body(
        self,
        request: Request,
        head: ReplyHead,
        connection: BackendConnection,
        finish: Callable[[bool], None],
    ) -> ReplyBody:
        trailers: HeaderList = []
        pieces = iter(()) if head.bodiless else pieces_of(head, connection, trailers)
        return ReplyBody(pieces, self._name, finish, trailers if takes_trailers(request) else [])

    def _switch(
        self, request: Request, head: ReplyHead, connection: BackendConnection, upgrade: str
    ) -> Response:
        if not upgrade or head.upgrade.lower() != upgrade.lower():
            raise BackendFailure(502, "changed to a protocol that nobody asked for")
        tunnel = Tunnel(request.transport, connection, self._pool.timeout)
        response = Response(101, head.headers, b"")
        response.upgrade = Upgrade(head.upgrade, tunnel.converse)
        return response


def _take_all(request: Request, response: Response, head: ReplyHead, connection: BackendConnection) -> None:
    """All of the answer is there, so that the connection is free for the next request."""
    response.body = b""
    response.length = 0
    if not head.bodiless:
        response.body, connection.pending = connection.pending, b""
        response.length = head.length
    elif request.method == "HEAD":
        response.length = head.length
