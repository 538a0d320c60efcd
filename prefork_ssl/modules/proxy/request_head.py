"""The head of a request as the backend gets it: target, Host, the client's fields without those of its connection, and
X-Forwarded-*, which tell of the client."""

from __future__ import annotations

from collections.abc import Callable

from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.networks import Network, membership
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.proxy.old_backends import manner, speaks_1_0

# Fields that speak of the client's connection to us, or that we write ourselves.
_OWN = frozenset(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_ADDED = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-server")
# What a backend may take for our word.
_FORWARDED = frozenset(
    (
        *_ADDED,
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-scheme",
        "x-forwarded-ssl",
        "x-forwarded-protocol",
        "x-real-ip",
        "forwarded",
    )
)
# Connection options that name no field.
_OPTIONS = frozenset(("close", "keep-alive", "upgrade", ""))

Fields = Callable[[Request], str]


def cleaning(trusted: tuple[Network, ...]) -> RequestPhase:
    """The phase that takes from a request, before anybody else sees it, what its client may not tell a backend.

    These are the fields that its Connection field names: they end here, before any field is added that must not be made
    to end here. And X-Forwarded-*, unless the client is one of those that are trusted.
    """
    is_trusted = membership(trusted)

    def clean(request: Request) -> Response | None:
        fields = request.fields
        dropped: set[str] = set()
        connection = fields.get("connection")
        if connection is not None and connection.lower() not in _OPTIONS:
            dropped = {option.strip() for option in connection.lower().split(",")} - _OPTIONS - _OWN
        if not _FORWARDED.isdisjoint(fields) and not is_trusted(request.transport.wire.peer[0]):
            dropped |= _FORWARDED
        if dropped:
            request.headers = [field for field in request.headers if field[0] not in dropped]
        return None

    return clean


def forwarded_fields(server_name: str) -> Fields:
    """What ProxyAddHeaders adds, as lines; behind what is there from those who may say so."""

    def lines(request: Request) -> str:
        fields, wire = request.fields, request.transport.wire
        told = ""
        if "x-forwarded-proto" not in fields:
            told = f"X-Forwarded-Proto: {'https' if request.transport.secure else 'http'}\r\n"
        return (
            f"X-Forwarded-For: {_behind(fields, 'x-forwarded-for')}{wire.peer[0]}\r\n"
            f"X-Forwarded-Host: {_behind(fields, 'x-forwarded-host')}{fields.get('host', '')}\r\n"
            f"X-Forwarded-Server: {_behind(fields, 'x-forwarded-server')}{server_name}\r\n{told}"
        )

    return lines


def _behind(fields: dict[str, str], name: str) -> str:
    return f"{fields[name]}, " if name in fields else ""


class RequestHeads:
    """Makes heads for one backend. `preserve`: the Host field is the client's; `added` as of forwarded_fields."""

    def __init__(self, authority: str, *, preserve: bool, added: Fields | None, keep: bool) -> None:
        self._authority = authority
        self._preserve = preserve
        self._added = added
        self._dropped = _OWN | set(_ADDED) if added else _OWN
        self._connection = "" if keep else "Connection: close\r\n"

    def head(self, request: Request, path: str, framing: str, upgrade: str = "") -> bytes:
        """The head, ended by an empty line. `path` is encoded; `framing` are the lines that tell of the body; `upgrade`
        is the protocol to go on in."""
        dropped = self._dropped
        target = path if request.query is None else f"{path}?{request.query}"
        host = request.fields.get("host", self._authority) if self._preserve else self._authority
        lines = "".join([f"{name}: {value}\r\n" for name, value in request.headers if name not in dropped])
        added = self._added(request) if self._added else ""
        version, connection = "HTTP/1.1", self._connection
        if request.env:
            version, connection = manner(request.env, connection)
        if upgrade:
            connection = f"Connection: Upgrade\r\nUpgrade: {upgrade}\r\n"
        if takes_trailers(request):
            connection += "Connection: TE\r\nTE: trailers\r\n"
        return (
            f"{request.method} {target} {version}\r\nHost: {host}\r\n{lines}{added}{framing}{connection}\r\n"
        ).encode("latin-1")


def framing_of(request: Request) -> str:
    """The lines that tell of the request's body."""
    length = request.body.length
    if length is None:
        return "Transfer-Encoding: chunked\r\n"
    if length or "content-length" in request.fields or request.method in ("POST", "PUT", "PATCH"):
        return f"Content-Length: {length}\r\n"
    return ""


def takes_trailers(request: Request) -> bool:
    """Whether the client wants to have fields behind an answer's body (RFC 9110 section 10.1.4)."""
    fields = request.fields
    if "te" not in fields:
        return False
    return "te" in _listed(fields, "connection") and "trailers" in _listed(fields, "te")


def _listed(fields: dict[str, str], name: str) -> list[str]:
    return [option.strip() for option in fields.get(name, "").lower().split(",")]


def wanted_upgrade(request: Request, allowed: tuple[str, ...]) -> str:
    """The protocol that the client wants to go on in, if that is one of those allowed; else ""."""
    wanted = request.fields.get("upgrade")
    if wanted is None or wanted.lower() not in allowed or request.version != "HTTP/1.1":
        return ""
    if speaks_1_0(request.env):
        return ""
    return wanted if "upgrade" in _listed(request.fields, "connection") and request.body.length == 0 else ""
