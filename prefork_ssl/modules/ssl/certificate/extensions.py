"""Extensions of a certificate that may be absent."""

from __future__ import annotations

from typing import TypeVar

from cryptography import x509

E = TypeVar("E", bound=x509.ExtensionType)


# What cryptography raises for extensions that it cannot parse; OpenSSL takes some of them.
_MALFORMED = (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    """The extension of this kind; None if the certificate has none, or extensions that cannot be parsed."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, *_MALFORMED):
        return None


def malformed(certificate: x509.Certificate) -> str:
    """Why the extensions of the certificate cannot be parsed; empty if they can."""
    try:
        certificate.extensions  # noqa: B018 - parsed when first looked at
    except _MALFORMED as error:
        return str(error)
    return ""


def urls(names: list[x509.GeneralName] | None) -> list[str]:
    """The URLs among some general names."""
    return [name.value for name in names or () if isinstance(name, x509.UniformResourceIdentifier)]
