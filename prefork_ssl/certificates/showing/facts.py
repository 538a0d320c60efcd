"""What a person wants to know of a certificate, request, CRL or key, as plain values that also go into JSON."""

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import issue, signing_requests
from prefork_ssl.certificates.issuing.extensions import alternative_names, find
from prefork_ssl.certificates.naming import names, subjects
from prefork_ssl.certificates.storage.reading import Contents
from prefork_ssl.certificates.text import colons

Facts = dict[str, str | int | bool | list[str]]


@dataclass(frozen=True)
class Findings:
    """What was found in one place: where, the objects there, and what is wrong with them."""

    about: Facts
    objects: list[Facts]
    problems: list[str]

    def as_json(self) -> dict[str, object]:
        """One JSON object: what `about` has, and the lists `objects` and `problems`."""
        return {**self.about, "objects": self.objects, "problems": self.problems}


_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "server",
    ExtendedKeyUsageOID.CLIENT_AUTH: "client",
    ExtendedKeyUsageOID.CODE_SIGNING: "code signing",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "e-mail",
    ExtendedKeyUsageOID.TIME_STAMPING: "time stamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSP signing",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "any",
}


def of_contents(contents: Contents) -> list[Facts]:
    """The facts of everything in a file."""
    return [
        *map(of_certificate, contents.certificates),
        *map(of_request, contents.requests),
        *map(of_crl, contents.crls),
        *map(of_key, contents.keys),
    ]


def of_certificate(certificate: x509.Certificate) -> Facts:
    """Names, issuer, validity, key, purposes and fingerprints of a certificate."""
    facts: Facts = {
        "kind": "certificate",
        "subject": subjects.readable(certificate.subject),
        "names": [names.readable(name) for name in alternative_names(certificate)],
        "issuer": subjects.readable(certificate.issuer),
        "serial_number": f"{certificate.serial_number:X}",
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_until(certificate.not_valid_after_utc),
        "ca": is_ca(certificate),
        "purposes": purposes(certificate),
        "signature_hash": _signature_hash(certificate),
        "fingerprint_sha256": colons(certificate.fingerprint(SHA256())),
        "fingerprint_sha1": colons(certificate.fingerprint(SHA1())),  # noqa: S303, to be compared with old listings
    }
    return facts | _public_key(certificate)


def of_request(request: x509.CertificateSigningRequest) -> Facts:
    """Subject, names, key and signature of a request."""
    facts: Facts = {
        "kind": "certificate request",
        "subject": subjects.readable(request.subject),
        "names": [names.readable(name) for name in alternative_names(request)],
        "signature_valid": signing_requests.is_signature_valid(request),
    }
    return facts | _public_key(request)


def of_crl(crl: x509.CertificateRevocationList) -> Facts:
    """Issuer, dates and revoked serial numbers of a CRL."""
    facts: Facts = {
        "kind": "CRL",
        "issuer": subjects.readable(crl.issuer),
        "last_update": crl.last_update_utc.isoformat(),
    }
    if crl.next_update_utc is not None:
        facts["next_update"] = crl.next_update_utc.isoformat()
        facts["days_left"] = days_until(crl.next_update_utc)
    facts["revoked"] = [f"{revoked.serial_number:X}" for revoked in crl]
    return facts


def of_key(key: PrivateKeyTypes) -> Facts:
    """Kind and size of a private key, and the fingerprint of its public half."""
    return {"kind": "private key"} | _key(key.public_key())


def days_until(time: datetime.datetime) -> int:
    """Whole days from now; negative when the time has passed."""
    return (time - issue.now()).days


def is_ca(certificate: x509.Certificate) -> bool:
    """Do the basic constraints make it the certificate of a CA?"""
    basic = find(certificate, x509.BasicConstraints)
    return basic is not None and basic.ca


def purposes(certificate: x509.Certificate) -> list[str]:
    """What the extendedKeyUsage allows; `any` if there is none."""
    usages = find(certificate, x509.ExtendedKeyUsage)
    return ["any"] if usages is None else [_PURPOSES.get(usage, usage.dotted_string) for usage in usages]


def _signature_hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return algorithm.name if algorithm is not None else "part of the algorithm"


def _public_key(holder: x509.Certificate | x509.CertificateSigningRequest) -> Facts:
    try:
        return _key(keys.public_key(holder))
    except CertificateError:
        return {"key": "of an unknown kind"}


def _key(key: PublicKeyTypes) -> Facts:
    return {"key": keys.description(key), "public_key_sha256": keys.fingerprint(key)}
