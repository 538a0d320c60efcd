"""A certificate as variables see it: parsed when something is asked for, and only once.

Nothing here raises, whatever the certificate: what cannot be parsed is not there.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.modules.ssl.certificate.der import (
    DistinguishedName,
    Identity,
    extension_values,
    identity,
    string_in,
)
from prefork_ssl.modules.ssl.certificate.distinguished_names import escaped
from prefork_ssl.modules.ssl.certificate.extensions import extension
from prefork_ssl.modules.ssl.openssl.objects import short_name

_USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3"  # Microsoft's, in certificates of its directories
_SERVICE_NAME = "1.3.6.1.5.5.7.8.7"  # RFC 4985


class CertificateView:
    """`certificate` is the client's or the server's."""

    def __init__(self, certificate: x509.Certificate) -> None:
        self.certificate = certificate

    @cached_property
    def _identity(self) -> Identity:
        return identity(self.certificate.public_bytes(Encoding.DER))

    @property
    def issuer(self) -> DistinguishedName:
        """Who issued it."""
        return self._identity.issuer

    @property
    def subject(self) -> DistinguishedName:
        """Whom it is for."""
        return self._identity.subject

    @cached_property
    def alternatives(self) -> dict[str, list[str]]:
        """The names in subjectAltName that have variables, by the middle of those: "DNS", "EMAIL", "OTHER_MSUPN",
        "OTHER_DNSSRV"."""
        found: dict[str, list[str]] = {}
        for kind, value in self._alternatives():
            found.setdefault(kind, []).append(escaped(value))
        return found

    def _alternatives(self) -> Iterator[tuple[str, str]]:
        for name in extension(self.certificate, x509.SubjectAlternativeName) or ():
            if isinstance(name, x509.DNSName):
                yield "DNS", name.value
            elif isinstance(name, x509.RFC822Name):
                yield "EMAIL", name.value
            elif isinstance(name, x509.OtherName):
                kind = _OTHERS.get(name.type_id.dotted_string)
                value = string_in(name.value)
                if kind and value is not None:
                    yield kind, value

    @cached_property
    def extension_texts(self) -> dict[str, list[str]]:
        """The values of extensions that are texts, by object identifier, and by OpenSSL's short name if it has one."""
        found: dict[str, list[str]] = {}
        for oid, value in extension_values(self.certificate):
            text = string_in(value)
            if text is not None:
                for name in filter(None, (oid, short_name(oid))):
                    found.setdefault(name, []).append(text)
        return found

    @property
    def pem(self) -> str:
        """The certificate itself."""
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii")


_OTHERS = {_USER_PRINCIPAL_NAME: "OTHER_MSUPN", _SERVICE_NAME: "OTHER_DNSSRV"}
