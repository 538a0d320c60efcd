"""FakeBasicAuth: a verified certificate counts as a name and a password. The name is its subject, in the slashed form,
and the password is always "password"; the user file lists the subjects that may enter, with the hash of that word.

Clients must not say so themselves: whoever does, without the certificate, is refused, with the option or without it,
since other hosts may use the same user file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Authentication
from prefork_ssl.kernel.http.credentials import basic, parse_basic
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Response
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.certificate.distinguished_names import slashes
from prefork_ssl.modules.ssl.connection.transport import TLSTransport

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

_PASSWORD = "password"  # noqa: S105 - what the directive's manual gives everybody
_FIELD = "authorization"


def authenticate(generation: Generation, host: Host, settings: Settings) -> Authentication:
    """The authenticate hook. Whoever checks passwords comes after it."""
    wanted = SSLOption.FAKE_BASIC_AUTH in settings[SSL_OPTIONS]
    return Authentication(FakeBasicAuth(wanted, generation.logs.for_host(host)).identify)


class FakeBasicAuth:
    """Puts the name and password of the certificate into requests, where that is `wanted`."""

    def __init__(self, wanted: bool, log: ErrorLog) -> None:
        self._wanted = wanted
        self._log = log

    def identify(self, request: Request) -> Response | None:
        """Names nobody itself; refuses those who pretend to have a certificate, and subjects that cannot be names."""
        subject = _verified_subject(request) if self._wanted else None
        given = request.fields.get(_FIELD)
        if given is not None and _pretends(given) and (subject is None or given != basic(subject, _PASSWORD)):
            return self._refuse(
                request, "it has the name and password of FakeBasicAuth, and not the certificate"
            )
        if subject is None or request.user is not None:
            return None
        if ":" in subject:
            return self._refuse(request, f"the subject {subject} has a colon, which no user's name can have")
        others = [field for field in request.headers if field[0] != _FIELD]
        request.headers = [*others, (_FIELD, basic(subject, _PASSWORD))]
        return None

    def _refuse(self, request: Request, why: str) -> Response:
        message = f"access to {request.path} failed, reason: {why}"
        self._log.write(Level.ERROR, message, module="ssl", client=request.transport.wire.peer)
        return Response(403)


def _verified_subject(request: Request) -> str | None:
    transport = request.transport
    if not isinstance(transport, TLSTransport) or not transport.client.verified:
        return None
    certificate = transport.client.certificate
    return slashes(certificate.subject) if certificate else None


def _pretends(field: str) -> bool:
    """Whether name and password are like those of a certificate. The usual hash of the word is crypt(3)'s, which looks
    at seven bits of each of the first eight bytes: "passwords" would be as good."""
    user, password = parse_basic(field) or ("", b"")
    seen = bytes(byte & 0x7F for byte in password[: len(_PASSWORD)])
    return user.startswith("/") and seen == _PASSWORD.encode()
