"""Making one certificate: the part that self-signing and signing as a CA have in common."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import profiles


@dataclass(frozen=True)
class Holder:
    """Whom a certificate is for: subject, public key, and the alternative names."""

    subject: x509.Name
    key: CertificatePublicKeyTypes
    names: Sequence[x509.GeneralName]


@dataclass(frozen=True)
class Issuer:
    """Who signs: the name and key identifier that go into the certificate, and the private key."""

    name: x509.Name
    key: keys.PrivateKey
    key_identifier: x509.AuthorityKeyIdentifier


@dataclass(frozen=True)
class Validity:
    """From when to when, both in UTC, to the second, both ends included (RFC 5280 4.1.2.5)."""

    start: datetime.datetime
    end: datetime.datetime


def now() -> datetime.datetime:
    """The current time in UTC, to the second, as certificates have it."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def valid_for(days: int) -> Validity:
    """From now for `days` days; CertificateError if that leads beyond the year 9999."""
    start = now()
    try:
        return Validity(start, start + datetime.timedelta(days=days))
    except OverflowError as error:
        raise CertificateError(f"{days} days from now is beyond the year 9999") from error


def self_signed(
    subject: x509.Name,
    key: keys.PrivateKey,
    names: Sequence[x509.GeneralName],
    profile: profiles.Profile,
    validity: Validity,
) -> x509.Certificate:
    """A certificate that its own key signs."""
    public_key = key.public_key()
    issuer = Issuer(subject, key, x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key))
    return certificate(Holder(subject, public_key, names), issuer, profile, validity)


def certificate(
    holder: Holder, issuer: Issuer, profile: profiles.Profile, validity: Validity
) -> x509.Certificate:
    """Sign a certificate; its serial number is positive and has 159 random bits (RFC 5280 4.1.2.2)."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(holder.subject)
        .issuer_name(issuer.name)
        .public_key(holder.key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.start)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(holder.key), critical=False)
        .add_extension(issuer.key_identifier, critical=False)
    )
    for extension, critical in profiles.extensions(profile, holder.key):
        builder = builder.add_extension(extension, critical)
    if holder.names:
        # RFC 5280 4.2.1.6: critical if it alone says who the holder is.
        builder = builder.add_extension(
            x509.SubjectAlternativeName(holder.names), critical=not list(holder.subject)
        )
    return builder.sign(issuer.key, keys.signature_hash(issuer.key))


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Does the issuer's name stand in the certificate, and has the issuer's key signed it?"""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
