"""Certificate signing requests (PKCS#10, RFC 2986): made, and taken at their word only after a check."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import issue
from prefork_ssl.certificates.issuing.extensions import alternative_names
from prefork_ssl.certificates.naming import names


def make(
    subject: x509.Name, wanted: Sequence[x509.GeneralName], key: keys.PrivateKey
) -> x509.CertificateSigningRequest:
    """A request for `subject`, signed with the key it is about; it asks for the `wanted` names as subjectAltName."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if wanted:
        builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
    return builder.sign(key, keys.signature_hash(key))


def holder(
    request: x509.CertificateSigningRequest, wanted: Sequence[x509.GeneralName], path: Path
) -> issue.Holder:
    """Whom the request in `path` asks a certificate for; the `wanted` names, if any, instead of its own.

    Only the subject, the key and alternative names of known kinds are taken over, no other extension.

    Raises:
        CertificateError: the request's signature is wrong, its key weak or unknown, or a name not acceptable.
    """
    if not is_signature_valid(request):
        raise CertificateError(f"the signature of the request in {path} is wrong")
    key = keys.public_key(request)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < keys.SMALLEST_RSA:
        raise CertificateError(f"the RSA key of the request in {path} has only {key.key_size} bits")
    return issue.Holder(request.subject, key, wanted or _acceptable(alternative_names(request), path))


def is_signature_valid(request: x509.CertificateSigningRequest) -> bool:
    """Has the key that the request is about signed it? False also for algorithms that cannot be checked."""
    try:
        return request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm):
        return False


def _acceptable(asked: list[x509.GeneralName], path: Path) -> list[x509.GeneralName]:
    """The names, parsed anew from their text: a request may hold any text as a host name."""
    try:
        return [names.alternative_name(names.readable(name)) for name in asked]
    except CertificateError as error:
        raise CertificateError(f"the request in {path}: {error}; --san gives other names") from error
