"""Looking up an extension (RFC 5280 4.2)."""

from typing import TypeVar

from cryptography import x509

Extension = TypeVar("Extension", bound=x509.ExtensionType)


def find(
    holder: x509.Certificate | x509.CertificateSigningRequest, kind: type[Extension]
) -> Extension | None:
    """The extension of this kind in a certificate or request, or None."""
    try:
        return holder.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def alternative_names(holder: x509.Certificate | x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """The subjectAltName of a certificate, or the one that a request asks for; empty if there is none."""
    return list(find(holder, x509.SubjectAlternativeName) or [])
