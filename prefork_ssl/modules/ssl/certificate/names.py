"""Which host names and addresses a certificate is for, and whether they cover a configured name (RFC 9525)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import idna
from cryptography import x509
from cryptography.x509.oid import NameOID

from prefork_ssl.modules.ssl.certificate.extensions import extension


def alternative_names(certificate: x509.Certificate) -> tuple[str, ...] | None:
    """The DNS names and IP addresses of subjectAltName, in its order; None if the certificate has no such extension."""
    names = extension(certificate, x509.SubjectAlternativeName)
    if names is None:
        return None
    return tuple(str(name.value) for name in names if isinstance(name, x509.DNSName | x509.IPAddress))


def common_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The CNs of the subject: what certificates had before subjectAltName, and no browser looks at any more."""
    return tuple(
        str(attribute.value) for attribute in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    )


def uncovered(server_names: Iterable[str], certified: Iterable[str]) -> list[str]:
    """Those ServerNames and ServerAliases that no name of the certificate covers.

    Names are compared without regard to case, a final dot, or the form of international labels (Unicode or xn--); a
    certificate's `*` stands for one whole first label; an alias with wildcards needs the same pattern in the
    certificate.
    """
    normalised = {_normalised(name) for name in certified}
    return [name for name in server_names if not _covering(_normalised(name)) & normalised]


def _covering(name: str) -> set[str]:
    """The names a certificate may have for this host."""
    first, _, parent = name.partition(".")
    is_address = _address(name) is not None
    return {name} if is_address or not first or not parent else {name, f"*.{parent}"}


def _normalised(name: str) -> str:
    if address := _address(name):
        return address
    return ".".join(_ascii_label(label) for label in name.rstrip(".").lower().split("."))


def _address(name: str) -> str | None:
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]")).compressed
    except ValueError:
        return None


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.encode(label, uts46=True).decode()
    except idna.IDNAError:  # no such host can be; it is then compared as it stands
        return label
