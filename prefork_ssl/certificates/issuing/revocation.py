"""Certificate revocation lists (RFC 5280 5)."""

import time

from cryptography import x509

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import authority, issue
from prefork_ssl.certificates.issuing.index import REASONS, Entry, Index, Revocation


def require_issued_by(certificate: x509.Certificate, ca: x509.Certificate) -> None:
    """CertificateError unless the CA's key has signed the certificate."""
    if not issue.is_issued_by(certificate, ca):
        raise CertificateError("the certificate was not issued by this CA")


def crl(ca: authority.Authority, index: Index, days: int) -> x509.CertificateRevocationList:
    """A CRL of all revoked certificates of the index, to be renewed within `days` days.

    Raises:
        CertificateError: the CA may not sign CRLs, or the days lead beyond the year 9999.
    """
    authority.require_crl_sign(ca.certificate)
    validity = issue.valid_for(days)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca.certificate.subject)
        .last_update(validity.start)
        .next_update(validity.end)
        .add_extension(ca.key_identifier, critical=False)
        .add_extension(x509.CRLNumber(_number()), critical=False)
    )
    for entry, revocation in index.revoked():
        builder = builder.add_revoked_certificate(_revoked(entry, revocation))
    return builder.sign(ca.key, keys.signature_hash(ca.key))


def _number() -> int:
    """The time in microseconds: RFC 5280 5.2.3 wants the numbers to grow, and this needs no counter kept on disk."""
    return time.time_ns() // 1000


def _revoked(entry: Entry, revocation: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder().serial_number(entry.serial_number).revocation_date(revocation.time)
    )
    reason = REASONS[revocation.reason]
    if reason is not x509.ReasonFlags.unspecified:
        # RFC 5280 5.3.1: unspecified is said by leaving the reason out.
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()
