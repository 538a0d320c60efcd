"""One call of an application (PEP 3333): start_response, write, and the iterable that it returns."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from prefork_ssl.kernel.http.response_head import send_interim
from prefork_ssl.kernel.request import Body, Request
from prefork_ssl.kernel.transport import Deadline
from prefork_ssl.modules.wsgi.gateway.fields import Fields, check_hints, response_fields, status_code
from prefork_ssl.modules.wsgi.gateway.file_wrapper import FileWrapper, as_file_body
from prefork_ssl.modules.wsgi.running.run import Run

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Exchange:
    """What an application makes of a request. `status` is 0 until it has called start_response, `length` the
    Content-Length that it declared. `body` is the whole body, if the application gave none in pieces."""

    __slots__ = (
        "_application",
        "_begun",
        "_report",
        "_request",
        "_run",
        "body",
        "headers",
        "length",
        "status",
    )

    def __init__(self, application: WSGIApplication, request: Request, report: Callable[[str], None]) -> None:
        """`report` logs a message and the exception that is being handled."""
        self._application = application
        self._request = request
        self._report = report
        self._begun = False
        self._run: Run
        self.status = 0
        self.headers: Fields = []
        self.length: int | None = None
        self.body: Body = ()

    def perform(self, environ: WSGIEnvironment, run: Run) -> None:
        """Call the application, and give what it returns. `environ` is not kept: it refers to this exchange."""
        self._run = run
        result = self._application(environ, self.start_response)
        if type(result) is list and len(result) == 1 and self._take_whole(result[0]):
            return
        try:
            if not (type(result) is FileWrapper and self._take_file(result)):
                self._give_pieces(result)
        finally:
            self._close(result)
            self._begun = True

    # --- what the application is given ---

    def start_response(
        self, status: str, headers: Fields, exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """The callable of that name. Raises ValueError, TypeError; RuntimeError if it is called again for no reason."""
        if self.status:
            self._start_again(exc_info)
        self.status = status_code(status)
        self.headers, self.length = response_fields(headers)
        return self.write

    def write(self, data: bytes) -> None:
        """The callable of that name: sends at once, and waits until it is sent."""
        if self._request.method != "HEAD":
            self._give(data)

    def early_hints(self, headers: Fields) -> None:
        """wsgi.early_hints: sends the fields in a response of status 103 (RFC 8297) while the real one is in the
        making. Nothing is sent to clients of HTTP/1.0, or after that has begun. Raises ValueError, TypeError."""
        headers = list(headers)
        check_hints(headers)
        if self._begun:
            return
        # That the client has gone will be noticed when the response is sent.
        with suppress(OSError, Deadline):
            self._run.call(lambda: send_interim(self._request, 103, headers))

    def _start_again(self, exc_info: ExcInfo | None) -> None:
        """Only an error may replace what start_response was told before, and only as long as nothing has been sent."""
        if not exc_info or exc_info[1] is None:
            raise RuntimeError("start_response was called again without exc_info")
        try:
            if self._begun:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None  # it refers to this frame

    # --- what it gives back ---

    def _take_whole(self, piece: Any) -> bool:
        """Whether `piece` can be taken for all of the body, with nothing more to be done: most responses are so."""
        if self._begun or not self.status or not isinstance(piece, bytes):
            return False
        if self.length is not None and self.length != len(piece):
            return False
        self.body = piece
        self._begun = True
        return True

    def _take_file(self, wrapper: FileWrapper) -> bool:
        """Whether what is wrapped can be sent by the system."""
        body = None if self._begun or not self.status else as_file_body(wrapper.filelike, self.length)
        if body is None:
            return False
        self.body = body
        return True

    def _give_pieces(self, result: Any) -> None:
        try:
            pieces = iter(result)
        except TypeError:
            message = f"the application returned a {type(result).__name__}, which is not iterable"
            raise TypeError(message) from None
        for piece in pieces:
            if piece:
                self._give(piece)
        if not self.status:
            raise RuntimeError("the application has ended without calling start_response")

    def _give(self, piece: bytes) -> None:
        if not self.status:
            raise RuntimeError("the application gave a part of the body before calling start_response")
        if not isinstance(piece, bytes):
            raise TypeError(f"the parts of the body must be bytes, not {type(piece).__name__}")
        self._begun = True
        self._run.give(piece)

    def _close(self, result: object) -> None:
        """What goes wrong now changes nothing of the response."""
        close = getattr(result, "close", None)
        if close is not None:
            try:
                close()
            except Exception:  # noqa: BLE001 - the code is not ours
                self._report("close() of what the application returned failed")
