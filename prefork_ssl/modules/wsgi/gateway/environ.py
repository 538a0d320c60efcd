"""environ: what an application is told of a request (PEP 3333, RFC 3875).

What is the same for all requests of a connection to one mount is written down once, and copied; the rest is added.
Strings are as PEP 3333 wants them: bytes, each as the character of its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from wsgiref.types import WSGIEnvironment

from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import DOCUMENT_ROOT, SERVER_ADMIN, START_SERVERS
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Environment
from prefork_ssl.kernel.http.software import server_software
from prefork_ssl.kernel.request import Request
from prefork_ssl.kernel.transport import Transport
from prefork_ssl.modules.wsgi.gateway.file_wrapper import FileWrapper
from prefork_ssl.modules.wsgi.gateway.memo import Memo
from prefork_ssl.modules.wsgi.mounts import Mount

# Names of header fields in lower case -> their names in environ.
_names = Memo(lambda field: f"HTTP_{field.upper().replace('-', '_')}")
_names |= {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Surroundings:
    """What applications are told at one mount of one host; `environments` is what other modules tell them."""

    def __init__(
        self, generation: Generation, host: Host, mount: Mount, environments: Sequence[Environment]
    ) -> None:
        self._prefix = len(mount.prefix)
        self._told = environments[0] if len(environments) == 1 else _together(environments)
        self._server_name = server_name(host.settings).name
        self._constants = _constants(generation, host, mount)

    def environ(self, request: Request) -> WSGIEnvironment:
        """The request's environ, but for what belongs to this one call of an application: its streams and callables."""
        environ = self._of_connection(request).copy()
        for name, note in request.env.items():
            environ[name] = note if note.isascii() else as_bytes(note)
        for name, value in request.fields.items():
            environ[_names[name]] = value
        environ.pop("HTTP_PROXY", None)  # many libraries take it for the proxy to use (CVE-2016-5385)
        path = request.path[self._prefix :]
        environ["REQUEST_METHOD"] = request.method
        environ["PATH_INFO"] = path if path.isascii() else as_bytes(path)
        environ["QUERY_STRING"] = request.query or ""
        environ["REQUEST_URI"] = request.target
        environ["SERVER_PROTOCOL"] = request.version
        environ["SERVER_NAME"] = request.host_name or self._server_name
        if request.user is not None:
            _add_user(environ, request.user, request.auth_type)
        return environ

    def _of_connection(self, request: Request) -> dict[str, Any]:
        """What is the same for all requests of the connection, as long as the others tell the same of it."""
        told = self._told(request)
        kept = request.transport.kept.get(self)
        if kept is None or kept[0] is not told:
            kept = request.transport.kept[self] = (
                told,
                self._constants | _connection(request.transport) | dict(told),
            )
        return kept[1]


def _together(environments: Sequence[Environment]) -> Environment:
    """Several as one; without any, always the same nothing."""
    nothing: Mapping[str, object] = {}

    def told(request: Request) -> Mapping[str, object]:
        if not environments:
            return nothing
        return {name: value for each in environments for name, value in each(request).items()}

    return told


def _connection(transport: Transport) -> dict[str, Any]:
    scheme = "https" if transport.secure else "http"
    (remote, remote_port), (local, local_port) = transport.wire.peer, transport.wire.local
    return {
        "REMOTE_ADDR": remote,
        "REMOTE_PORT": str(remote_port),
        "SERVER_ADDR": local,
        "SERVER_PORT": str(local_port),
        "REQUEST_SCHEME": scheme,
        "wsgi.url_scheme": scheme,
        **({"HTTPS": "on"} if transport.secure else {}),
    }


def as_bytes(text: str) -> str:
    """Decoded text, as in Request.path, as the bytes that it came from."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _add_user(environ: dict[str, Any], user: str, auth_type: str | None) -> None:
    """Who the server has identified. A password that it has checked is none of the application's business."""
    environ["REMOTE_USER"] = user if user.isascii() else as_bytes(user)
    if auth_type is not None:
        environ["AUTH_TYPE"] = auth_type
        environ.pop("HTTP_AUTHORIZATION", None)


def _constants(generation: Generation, host: Host, mount: Mount) -> dict[str, Any]:
    settings = host.settings
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_SOFTWARE": server_software(settings, generation.modules),
        "SERVER_ADMIN": settings[SERVER_ADMIN],
        "DOCUMENT_ROOT": str(settings[DOCUMENT_ROOT] or ""),
        "SCRIPT_NAME": as_bytes(mount.prefix),
        "SCRIPT_FILENAME": mount.source.file or "",
        "wsgi.version": (1, 0),
        "wsgi.multithread": True,
        "wsgi.multiprocess": settings[START_SERVERS] != 1,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
