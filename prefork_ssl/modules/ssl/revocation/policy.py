"""What the directives say for one host about asking OCSP responders, in a form that can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.config.directives import Settings
from prefork_ssl.modules.ssl.certificate.description import ocsp_urls
from prefork_ssl.modules.ssl.keys.file_pool import NamedFile
from prefork_ssl.modules.ssl.revocation import directives
from prefork_ssl.modules.ssl.revocation.directives import (
    NOT_ASKING,
    SSL_OCSP_RESPONDER_CERTIFICATE_FILE,
    Asking,
    Scope,
)
from prefork_ssl.modules.ssl.stapling.directives import SSL_OCSP_PROXY_URL
from prefork_ssl.modules.ssl.stapling.errand import Job
from prefork_ssl.modules.ssl.verification.reading import Shelf


@dataclass(frozen=True, slots=True)
class RevocationPolicy:
    """Times are in seconds; `url` is the default responder, "" if there is none, which is asked about all certificates
    if it has `precedence`. `responders` are certificates in PEM. The rest is as in errand.Job."""

    asking: Asking = NOT_ASKING
    url: str = ""
    precedence: bool = False
    skew: float = 0.0
    max_age: float = 0.0
    timeout: float = 0.0
    fresh: bool = True
    authorised: bool = True
    responders: bytes = b""
    proxy: str = ""

    @property
    def asks(self) -> bool:
        """Whether responders are asked at all."""
        return self.asking.scope is not Scope.NONE

    def responder(self, certificate: x509.Certificate) -> str:
        """Whom to ask about a certificate; "" if nobody is known."""
        if self.precedence and self.url:
            return self.url
        named = (url for url in ocsp_urls(certificate) if url.lower().startswith("http://"))
        return next(named, self.url)

    def job(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Job:
        """The question about a certificate that has a responder."""
        return Job(
            0,
            self.responder(certificate),
            certificate.public_bytes(Encoding.DER),
            issuer.public_bytes(Encoding.DER),
            self.timeout,
            self.skew,
            self.max_age,
            self.fresh,
            self.authorised,
            self.responders,
            self.proxy,
        )


def revocation_policy(settings: Settings, shelf: Shelf) -> RevocationPolicy:
    """The policy of the host with these settings. What cannot be read is among the findings of the shelf."""
    asking = settings[directives.SSL_OCSP_ENABLE]
    if asking.scope is Scope.NONE:
        return RevocationPolicy()
    return RevocationPolicy(
        asking=asking,
        url=settings[directives.SSL_OCSP_DEFAULT_RESPONDER],
        precedence=settings[directives.SSL_OCSP_OVERRIDE_RESPONDER],
        skew=settings[directives.SSL_OCSP_RESPONSE_TIME_SKEW],
        max_age=settings[directives.SSL_OCSP_RESPONSE_MAX_AGE],
        timeout=settings[directives.SSL_OCSP_RESPONDER_TIMEOUT],
        fresh=settings[directives.SSL_OCSP_USE_REQUEST_NONCE],
        authorised=not settings[directives.SSL_OCSP_NOVERIFY],
        responders=_responders(settings, shelf),
        proxy=settings[SSL_OCSP_PROXY_URL],
    )


def _responders(settings: Settings, shelf: Shelf) -> bytes:
    directive = SSL_OCSP_RESPONDER_CERTIFICATE_FILE
    files = (NamedFile(named.path, directive.name, str(named.origin)) for named in settings[directive])
    return b"".join(
        certificate.public_bytes(Encoding.PEM) for file in files for certificate in shelf.certificates(file)
    )
