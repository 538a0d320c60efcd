"""A certificate described for people, as -t -D DUMP_CERTS lists it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from prefork_ssl.modules.ssl.certificate.extensions import extension, urls
from prefork_ssl.modules.ssl.certificate.names import alternative_names
from prefork_ssl.modules.ssl.keys.key_types import key_bits, key_type
from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial


@dataclass(frozen=True, slots=True)
class CertificateDescription:
    """What is served, for people: -t -D DUMP_CERTS. `days_left` is negative after expiry; `key` is like "RSA 2048"."""

    file: Path
    server: str
    key: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    days_left: int
    ocsp_urls: tuple[str, ...]
    crl_urls: tuple[str, ...]


def describe(material: CertificateMaterial, now: datetime) -> CertificateDescription:
    """Describe the certificate of a host; `now` is an aware datetime. Subjects are written as in RFC 4514."""
    certificate = material.certificate
    return CertificateDescription(
        file=material.source.certificate,
        server=material.source.server,
        key=key_name(certificate),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=alternative_names(certificate) or (),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        days_left=days_left(certificate, now),
        ocsp_urls=tuple(ocsp_urls(certificate)),
        crl_urls=tuple(_crl_urls(certificate)),
    )


def days_left(certificate: x509.Certificate, now: datetime) -> int:
    """Whole days until the certificate expires, rounded down: 0 on the last day, negative afterwards."""
    return (certificate.not_valid_after_utc - now).days


def key_name(certificate: x509.Certificate) -> str:
    """The kind of key and, where kinds have several, its size in bits: "RSA 2048", "ED25519"."""
    key = certificate.public_key()
    return f"{key_type(key) or 'unknown'} {key_bits(key) or ''}".rstrip()


def ocsp_urls(certificate: x509.Certificate) -> list[str]:
    """Where the certificate's OCSP responder is (authorityInfoAccess)."""
    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    return urls(
        [each.access_location for each in access if each.access_method == AuthorityInformationAccessOID.OCSP]
    )


def _crl_urls(certificate: x509.Certificate) -> list[str]:
    points = extension(certificate, x509.CRLDistributionPoints) or ()
    return [url for point in points for url in urls(point.full_name)]
