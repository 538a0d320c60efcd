"""What is wrong with a certificate and the chain that goes with it, in sentences for a person."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import issue
from prefork_ssl.certificates.issuing.extensions import alternative_names
from prefork_ssl.certificates.naming import canonical, names, subjects
from prefork_ssl.certificates.showing import facts

# Hashes for which collisions are known (RFC 9155).
_BROKEN_HASHES = {"md5", "sha1"}
_SOON = 14


def of_chain(chain: Sequence[x509.Certificate]) -> Iterator[str]:
    """Problems of the certificates by themselves, then of the holder's as one for a server, then of their order.

    Args:
        chain: the holder's own certificate first. If that is a CA's, the list is taken for a bundle without order.
    """
    for certificate in chain:
        yield from _of_certificate(certificate)
    if chain and not facts.is_ca(chain[0]):
        yield from _of_holder(chain[0])
        yield from _of_order(chain)


def of_host(certificate: x509.Certificate, host: x509.DNSName | x509.IPAddress) -> Iterator[str]:
    """Say so if the certificate is not good for the host."""
    if not names.cover(alternative_names(certificate), host):
        yield f"{_who(certificate)} is not good for {names.readable(host)}"


def of_keys(chain: Sequence[x509.Certificate], private_keys: Sequence[PrivateKeyTypes]) -> Iterator[str]:
    """Say so if a private key belongs to none of the certificates that are with it."""
    for key in private_keys:
        if chain and not any(_belongs(key, certificate) for certificate in chain):
            yield "the private key belongs to none of the certificates"


def _belongs(key: PrivateKeyTypes, certificate: x509.Certificate) -> bool:
    try:
        return keys.public_key(certificate) == key.public_key()
    except CertificateError:
        return False


def _of_certificate(certificate: x509.Certificate) -> Iterator[str]:
    days = facts.days_until(certificate.not_valid_after_utc)
    if certificate.not_valid_before_utc > issue.now():
        yield f"{_who(certificate)} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}"
    if days < 0:
        yield f"{_who(certificate)} expired on {certificate.not_valid_after_utc:%Y-%m-%d}"
    elif days < _SOON:
        yield f"{_who(certificate)} expires in {days} days"
    yield from _of_strength(certificate)


def _of_strength(certificate: x509.Certificate) -> Iterator[str]:
    try:
        algorithm, key = certificate.signature_hash_algorithm, certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        yield f"{_who(certificate)} has a signature or a key of an unknown kind"
        return
    is_root = certificate.subject == certificate.issuer
    if algorithm is not None and algorithm.name in _BROKEN_HASHES and not is_root:
        yield f"{_who(certificate)} is signed with {algorithm.name}, which is broken"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < keys.SMALLEST_RSA:
        yield f"{_who(certificate)} has an RSA key of only {key.key_size} bits"


def _of_holder(certificate: x509.Certificate) -> Iterator[str]:
    if "server" in facts.purposes(certificate) and not alternative_names(certificate):
        yield f"{_who(certificate)} has no subjectAltName: clients accept it for no host"


def _of_order(chain: Sequence[x509.Certificate]) -> Iterator[str]:
    for certificate, issuer in pairwise(chain):
        if not _follows(issuer, certificate):
            yield f"{_who(certificate)} is not signed by the next in the chain, {_who(issuer)}"
    if len(chain) == 1 and _follows(chain[0], chain[0]):
        yield f"{_who(chain[0])} is self-signed: clients must be told to trust it"


def _follows(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """May the issuer's certificate stand behind the other? Signatures that are too old to be checked are let pass."""
    if not canonical.same(certificate.issuer, issuer.subject):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True
    return True


def _who(certificate: x509.Certificate) -> str:
    if certificate.subject.rdns:
        return subjects.readable(certificate.subject)
    return names.listing(alternative_names(certificate))
