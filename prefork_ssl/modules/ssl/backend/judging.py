"""What a server's certificate must be like, as OpenSSL asks about each that comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from OpenSSL import SSL, crypto

from prefork_ssl.modules.ssl.openssl import UNKNOWN_ISSUER, verification_text
from prefork_ssl.modules.ssl.verification.mode import Mode

_CODES = SSL.X509VerificationCodes
_NAME = frozenset((_CODES.ERR_HOSTNAME_MISMATCH, _CODES.ERR_IP_ADDRESS_MISMATCH))
_TIME = frozenset((_CODES.ERR_CERT_HAS_EXPIRED, _CODES.ERR_CERT_NOT_YET_VALID))
_NO_CRL = _CODES.ERR_UNABLE_TO_GET_CRL

_HINTS = {
    **dict.fromkeys(
        UNKNOWN_ISSUER,
        "name the CA that has issued it in SSLProxyCACertificateFile, and let the server send its intermediates",
    ),
    **dict.fromkeys(
        _NAME,
        "let ProxyPass name the server as its certificate does, or have a certificate issued for the name in ProxyPass",
    ),
    **dict.fromkeys(_TIME, "renew the server's certificate, and compare the clocks"),
    _CODES.ERR_CERT_REVOKED: "give the server a new certificate: its CA has revoked this one",
    _NO_CRL: "fetch the CRL of its CA into SSLProxyCARevocationFile",
    _CODES.ERR_CRL_HAS_EXPIRED: "fetch the CRL of its CA anew",
    _CODES.ERR_CERT_CHAIN_TOO_LONG: "raise SSLProxyVerifyDepth",
    _CODES.ERR_INVALID_PURPOSE: "have a certificate for servers issued (extended key usage serverAuth)",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is wrong with the certificate that is `depth` steps above the server's own. `subject` is whose it is."""

    code: int
    depth: int
    subject: str

    @property
    def text(self) -> str:
        """OpenSSL's words for it."""
        return verification_text(self.code)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return _HINTS.get(self.code, "")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`mode` is about the chain; the time of the server's certificate counts by `in_time`, its name whenever OpenSSL
    has been told one. With `lenient`, a CA may have no CRL."""

    mode: Mode
    in_time: bool
    lenient: bool

    def forgives(self, code: int, depth: int) -> bool:
        """Whether the connection may go on all the same."""
        if code in _NAME:
            return False
        if code in _TIME and depth == 0:
            return not self.in_time
        if code == _NO_CRL and self.lenient:
            return True
        if self.mode is Mode.OPTIONAL_NO_CA:
            return code in UNKNOWN_ISSUER
        return self.mode is Mode.NONE

    def callback(self) -> Callable[[SSL.Connection, crypto.X509, int, int, int], bool]:
        """For Context.set_verify. It neither raises nor waits, and leaves a Refusal with the connection."""

        def judge(
            connection: SSL.Connection, certificate: crypto.X509, code: int, depth: int, good: int
        ) -> bool:
            if good or self.forgives(code, depth):
                return True
            if connection.get_app_data() is None:
                connection.set_app_data(Refusal(code, depth, _subject(certificate)))
            return False

        return judge


def _subject(certificate: crypto.X509) -> str:
    try:
        return certificate.to_cryptography().subject.rfc4514_string()
    except ValueError:
        return "a certificate that cannot be read"
