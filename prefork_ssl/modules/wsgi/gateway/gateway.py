"""From a request to an application, and from what that makes of it to a response."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from io import BufferedReader, BytesIO, TextIOBase
from wsgiref.types import WSGIApplication, WSGIEnvironment

from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.request import NO_BODY, Request, Response
from prefork_ssl.kernel.transport import READ_SIZE
from prefork_ssl.modules.wsgi.applications.loading import Applications
from prefork_ssl.modules.wsgi.applications.source import Source
from prefork_ssl.modules.wsgi.gateway.environ import Surroundings
from prefork_ssl.modules.wsgi.gateway.errors import ErrorStream
from prefork_ssl.modules.wsgi.gateway.exchange import Exchange
from prefork_ssl.modules.wsgi.gateway.input import BodyFile
from prefork_ssl.modules.wsgi.gateway.pieces import Pieces
from prefork_ssl.modules.wsgi.running.run import Run
from prefork_ssl.modules.wsgi.running.stages import Stage


class Gateway:
    """The way to one application. It is made in the master; workers import the application."""

    def __init__(
        self,
        applications: Applications,
        source: Source,
        surroundings: Surroundings,
        stage: Stage,
        log: ErrorLog,
    ) -> None:
        self._applications = applications
        self._source = source
        self._surroundings = surroundings
        self._stage = stage
        self._report = partial(log.exception, module="wsgi")
        self._stream = ErrorStream(log)

    # Known in the worker:

    @cached_property
    def _application(self) -> WSGIApplication:
        return self._applications.callables[self._source]

    @cached_property
    def _errors(self) -> TextIOBase:
        return self._stage.errors(self._stream)

    def answer(self, request: Request) -> Response:
        """Call the application. Raises what it raises, and BodyError if the request's body could not be read, whatever
        the application made of that."""
        environ = self._surroundings.environ(request)
        exchange = Exchange(self._application, request, self._report)
        run = self._stage.new_run()
        environ["wsgi.errors"] = self._errors
        environ["wsgi.early_hints"] = exchange.early_hints
        if request.body is NO_BODY:
            environ["wsgi.input"] = BytesIO()
            return _response(exchange, run, partial(exchange.perform, environ))
        body = BodyFile(lambda size: run.call(partial(request.body.read, size)))
        environ["wsgi.input"] = BufferedReader(body, READ_SIZE)
        return _response_to_body(exchange, run, environ, body)


def _response(exchange: Exchange, run: Run, perform: Callable[[Run], None]) -> Response:
    first = run.begin(perform)
    if first is None and (exchange.body or not exchange.length):
        return Response(exchange.status, exchange.headers, exchange.body, length=exchange.length)
    pieces = Pieces(run, first, exchange.length)
    return Response(exchange.status, exchange.headers, pieces, length=exchange.length)


def _response_to_body(exchange: Exchange, run: Run, environ: WSGIEnvironment, body: BodyFile) -> Response:
    def perform(run: Run) -> None:
        try:
            exchange.perform(environ, run)
        finally:
            body.end()

    try:
        response = _response(exchange, run, perform)
    except Exception:
        if body.error is not None:
            raise body.error from None
        raise
    if body.error is not None:
        response.discard()
        raise body.error
    return response
