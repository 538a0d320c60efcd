"""The handler "welcome": SetHandler gives it a place."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import LISTEN
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.kernel.variables import Variable, resolve
from prefork_ssl.modules.welcome.page import CONTENT_SECURITY_POLICY, plain_page, secure_page

_HANDLER = "welcome"
_HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),  # it is about this very connection
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
)

_SESSIONS = {
    "Initial": "new: this connection made a full handshake",
    "Resumed": "resumed from an earlier connection",
}


class Welcome:
    """Answers with the page. `secure_port` is where we listen for TLS, None if nowhere."""

    def __init__(self, generation: Generation, secure_port: int | None) -> None:
        def variable(name: str) -> Variable:
            return resolve(name, generation.modules) or _nothing

        self._protocol = variable("SSL_PROTOCOL")
        self._cipher = variable("SSL_CIPHER")
        self._resumed = variable("SSL_SESSION_RESUMED")
        self._secure_port = secure_port

    def __call__(self, request: Request) -> Response | None:
        if request.handler != _HANDLER:
            return None
        if request.method not in ("GET", "HEAD"):
            allow = [("Allow", "GET, HEAD, OPTIONS")]
            return Response(200, allow, b"") if request.method == "OPTIONS" else Response(405, allow)
        return Response(200, _HEADERS, self._page(request))

    def _page(self, request: Request) -> bytes:
        if not request.transport.secure:
            return plain_page(self._secure_url(request))
        session = self._resumed(request)
        facts = (
            ("Protocol", self._protocol(request)),
            ("Cipher", self._cipher(request)),
            ("Session", _SESSIONS.get(session, session)),
        )
        return secure_page([(name, value) for name, value in facts if value])

    def _secure_url(self, request: Request) -> str:
        if self._secure_port is None:
            return ""
        host = request.host_name or request.transport.wire.local[0]
        host = f"[{host}]" if ":" in host else host
        return f"https://{host}/" if self._secure_port == 443 else f"https://{host}:{self._secure_port}/"


def _nothing(_request: Request) -> str:
    return ""


def _handler(generation: Generation, _host: Host, _settings: Settings) -> RequestPhase:
    listens = generation.configuration.server.settings[LISTEN]
    ports = [listen.port for listen in listens if listen.protocol == "https"]
    return Welcome(generation, ports[0] if ports else None)


module = Module(name="welcome", hooks=Hooks(handler=_handler), after=("alias_module",))
