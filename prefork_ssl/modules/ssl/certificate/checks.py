"""What can be said of key material before it goes live. Pure functions: material, names and time in, findings out.

Only what OpenSSL itself refuses is an error: a server with many hosts must come up although one certificate has
expired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from prefork_ssl.modules.ssl.certificate.description import days_left, key_name
from prefork_ssl.modules.ssl.certificate.extensions import extension, malformed
from prefork_ssl.modules.ssl.certificate.names import alternative_names, common_names, uncovered
from prefork_ssl.modules.ssl.keys.findings import Finding
from prefork_ssl.modules.ssl.keys.key_types import PrivateKey, key_bits
from prefork_ssl.modules.ssl.keys.keystore import CERTIFICATE_FILE, CertificateMaterial, KeyMaterial

EXPIRES_SOON = timedelta(days=14)

# Below these sizes (bits) and with these digests, OpenSSL's default security level refuses.
_SMALLEST_RSA, _SMALLEST_EC = 2048, 224
_WEAK_DIGESTS = {"md5", "sha1"}


def check(material: CertificateMaterial, server_names: Sequence[str], now: datetime) -> list[Finding]:
    """Everything worth telling about what one host would serve.

    Args:
        material: with its key, or without when that is still encrypted.
        server_names: the host's ServerName and ServerAliases, without ports; international names in either form.
        now: an aware datetime.
    """
    matches = key_matches(material) if isinstance(material, KeyMaterial) else ()
    return [
        *matches,
        *readable(material),
        *chain_holds(material),
        *in_time(material, now),
        *names_covered(material, server_names),
        *fit_for_servers(material),
        *strong(material),
    ]


def key_matches(material: KeyMaterial) -> Iterator[Finding]:
    """The certificate is for the key: their public keys are equal."""
    public = _public_bytes(material.key)
    if _public_bytes(material.certificate) == public:
        return
    source = material.source
    misplaced = next((n for n, other in enumerate(material.chain, 2) if _public_bytes(other) == public), None)
    hint = (
        f"the certificate of this key is number {misplaced} in the file: put it first, its issuers after it"
        if misplaced
        else f"compare: openssl x509 -noout -pubkey -in {source.certificate}; openssl pkey -pubout -in {source.key}"
    )
    named = source.key_file
    message = f"the private key in {source.key} does not belong to the certificate in {source.certificate}"
    yield Finding("error", named.directive, named.where, message, hint)


def readable(material: CertificateMaterial) -> Iterator[Finding]:
    """The certificate's extensions can be parsed; what they say cannot be checked otherwise."""
    if why := malformed(material.certificate):
        hint = "look at it with openssl x509 -noout -text, and have it issued again"
        yield _warning(material, f"the certificate has malformed extensions: {why}", hint)


def chain_holds(material: CertificateMaterial) -> Iterator[Finding]:
    """Each certificate is signed by the next, and those after the first are CAs (RFC 5246 7.4.2, RFC 8446 4.4.2)."""
    sent = (material.certificate, *material.chain)
    for number, (certificate, issuer) in enumerate(pairwise(sent), 2):
        if certificate.issuer != issuer.subject:
            yield _disorder(material, number)
            return
        if not _signed_by(certificate, issuer):
            yield _warning(
                material,
                f"certificate {number} of the chain ({_name(issuer)}) did not sign the one before it",
                "the CA has another certificate of the same name: get the chain that belongs to this certificate",
            )
        if not _is_ca(issuer):
            yield _warning(
                material,
                f"certificate {number} of the chain ({_name(issuer)}) is no CA certificate",
                "send only the intermediates of the CA after the server's own certificate",
            )


def in_time(material: CertificateMaterial, now: datetime) -> Iterator[Finding]:
    """Neither the certificate nor its chain has expired, is about to, or is not yet valid."""
    yield from valid(material, now)
    for certificate in (material.certificate, *material.chain):
        if now <= certificate.not_valid_after_utc < now + EXPIRES_SOON:
            days = days_left(certificate, now)
            message = f"{_subject(material, certificate)} expires in {_days(days)} ({_end(certificate)})"
            yield _warning(material, message, _RENEW)


def valid(material: CertificateMaterial, now: datetime) -> Iterator[Finding]:
    """Neither the certificate nor its chain has expired or is not yet valid."""
    for certificate in (material.certificate, *material.chain):
        subject = _subject(material, certificate)
        if certificate.not_valid_before_utc > now:
            begin = certificate.not_valid_before_utc
            yield _warning(
                material, f"{subject} is not valid before {begin:%Y-%m-%d %H:%M} UTC", _CHECK_CLOCK
            )
        elif certificate.not_valid_after_utc < now:
            days = (now - certificate.not_valid_after_utc).days
            yield _warning(material, f"{subject} expired {_days(days)} ago ({_end(certificate)})", _RENEW)


def names_covered(material: CertificateMaterial, server_names: Sequence[str]) -> Iterator[Finding]:
    """The certificate is for all the host's names, by subjectAltName, as browsers demand."""
    names = alternative_names(material.certificate)
    if malformed(material.certificate):
        return
    if names is None:
        cn = ", ".join(common_names(material.certificate)) or "none"
        yield _warning(
            material,
            f"the certificate has no subjectAltName; clients ignore its CN ({cn})",
            "have it issued again with the host's names as subjectAltName",
        )
    elif missing := uncovered(server_names, names):
        yield _warning(
            material,
            f"the certificate is not for {', '.join(missing)}, only for {', '.join(names) or 'no host'}",
            "have it issued for every ServerName and ServerAlias, or correct those",
        )


def fit_for_servers(material: CertificateMaterial) -> Iterator[Finding]:
    """The certificate may be used by a TLS server (RFC 5280 4.2.1.9, 4.2.1.12)."""
    if _is_ca(material.certificate):
        yield _warning(
            material,
            "the certificate is a CA certificate (basicConstraints CA:TRUE)",
            "sign a server certificate with it, and serve that one",
        )
    usages = extension(material.certificate, x509.ExtendedKeyUsage)
    if usages is not None and not _SERVER_USAGES.intersection(usages):
        yield _warning(
            material,
            "the certificate is not for servers (extendedKeyUsage without serverAuth)",
            "have it issued with extendedKeyUsage serverAuth",
        )


def strong(material: CertificateMaterial) -> Iterator[Finding]:
    """Key sizes and signatures of the certificate and its chain are what clients still accept."""
    for certificate in (material.certificate, *material.chain):
        subject = _subject(material, certificate)
        if weak := _weak_key(certificate):
            yield _warning(material, f"{subject} has a weak key ({weak})", _RSA_2048)
        if (digest := _signature_digest(certificate)) in _WEAK_DIGESTS and not _self_issued(certificate):
            message = f"{subject} has a weak signature ({digest.upper()})"
            yield _warning(material, message, "have it issued again, signed with SHA-256 or better")


_RENEW = "renew it, then reload"
_CHECK_CLOCK = "check the clock, or wait before serving it"
_RSA_2048 = f"use at least RSA {_SMALLEST_RSA} or EC 256"
_SERVER_USAGES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def _warning(material: CertificateMaterial, message: str, hint: str) -> Finding:
    source = material.source
    return Finding("warning", CERTIFICATE_FILE, source.where, f"{source.certificate}: {message}", hint)


def _subject(material: CertificateMaterial, certificate: x509.Certificate) -> str:
    return "the certificate" if certificate is material.certificate else f"intermediate {_name(certificate)}"


def _public_bytes(holder: x509.Certificate | PrivateKey) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _disorder(material: CertificateMaterial, number: int) -> Finding:
    """Certificate `number` is not the issuer of the one before it: is the right one elsewhere in the chain?"""
    sent = (material.certificate, *material.chain)
    before, misplaced = sent[number - 2], sent[number - 1]
    if _self_issued(before):
        message = (
            f"certificate {number - 1} of the chain ({_name(before)}) signed itself; nothing can follow it"
        )
        return _warning(
            material, message, f"remove certificate {number} ({_name(misplaced)}) and what follows it"
        )
    place = next((n for n, other in enumerate(sent, 1) if other.subject == before.issuer), None)
    if place:
        message = f"the chain is out of order: certificate {number} should be what is now certificate {place}"
        return _warning(
            material, message, "put the certificate first, then its issuer, then the issuer's issuer"
        )
    wanted = before.issuer.rfc4514_string()
    message = f"the chain is broken: certificate {number} ({_name(misplaced)}) is not {wanted}"
    return _warning(material, message, "get the intermediates that the CA gives for this certificate")


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (TypeError, ValueError, UnsupportedAlgorithm):  # too old to be verified: `strong` says so
        return True
    return True


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _self_issued(certificate: x509.Certificate) -> bool:
    return certificate.issuer == certificate.subject


def _weak_key(certificate: x509.Certificate) -> str | None:
    key = certificate.public_key()
    smallest = _SMALLEST_EC if isinstance(key, ec.EllipticCurvePublicKey) else _SMALLEST_RSA
    return key_name(certificate) if (key_bits(key) or smallest) < smallest else None


def _signature_digest(certificate: x509.Certificate) -> str:
    try:
        digest = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return digest.name if digest else ""  # none with Ed25519 and its kind


def _name(certificate: x509.Certificate) -> str:
    return ", ".join(common_names(certificate)) or certificate.subject.rfc4514_string()


def _end(certificate: x509.Certificate) -> str:
    return f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"


def _days(number: int) -> str:
    return "less than a day" if number == 0 else f"{number} day{'' if number == 1 else 's'}"
