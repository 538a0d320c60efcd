"""Certificate signing requests (PKCS#10, RFC 2986): made, and taken at their word only after a check."""

from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from . import issue, keys, names
from .errors import CertificateError


def make(
    subject: x509.Name, wanted: Sequence[x509.GeneralName], key: keys.PrivateKey
) -> x509.CertificateSigningRequest:
    """A request for `subject`, signed with the key it is about; it asks for the `wanted` names as subjectAltName."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if wanted:
        builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
    return builder.sign(key, keys.signature_hash(key))


def alternative_names(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """The names that the request asks for; empty if it asks for none."""
    try:
        return list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def holder(
    request: x509.CertificateSigningRequest, wanted: Sequence[x509.GeneralName], path: Path
) -> issue.Holder:
    """Whom the request in `path` asks a certificate for; the `wanted` names, if any, instead of its own.

    Only the subject, the key and alternative names of known kinds are taken over, no other extension.

    Raises:
        CertificateError: the request's signature is wrong, its key weak or unknown, or a name not acceptable.
    """
    _require_signature(request, path)
    key = keys.public_key(request)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < keys.SMALLEST_RSA:
        raise CertificateError(f"the RSA key of the request in {path} has only {key.key_size} bits")
    return issue.Holder(request.subject, key, wanted or _acceptable(alternative_names(request), path))


def _require_signature(request: x509.CertificateSigningRequest, path: Path) -> None:
    try:
        is_valid = request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateError(f"the signature of the request in {path} cannot be checked") from error
    if not is_valid:
        raise CertificateError(f"the signature of the request in {path} is wrong")


def _acceptable(asked: list[x509.GeneralName], path: Path) -> list[x509.GeneralName]:
    """The names, parsed anew from their text: a request may hold any text as a host name."""
    try:
        return [names.alternative_name(names.readable(name)) for name in asked]
    except CertificateError as error:
        raise CertificateError(f"the request in {path}: {error}; --san gives other names") from error
