"""Whom a certificate names: subjects (/C=DE/O=.../CN=...) and alternative names (DNS:..., IP:..., email:...)."""

import ipaddress
import re
from collections.abc import Callable, Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

from .errors import CertificateError

# RFC 5890 2.3.1: letters, digits and hyphens, no hyphen at the ends; underscores are met in practice.
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@(?P<host>[^\s@]+)")

# RFC 5280 appendix A.1: ub-common-name.
LONGEST_COMMON_NAME = 64


def dns_name(text: str) -> x509.DNSName:
    """A host name, or one with `*` as its first label (RFC 9525 6.3), as a GeneralName.

    Raises:
        CertificateError: not ASCII (the xn-- form of an international name is), too long, or no host name.
    """
    if not text.isascii():
        raise CertificateError(f"host name {text!r} is not ASCII: write its xn-- form")
    labels = text.removeprefix("*.").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise CertificateError(f"{text!r} is not a host name")
    return x509.DNSName(text)


def ip_name(text: str) -> x509.IPAddress:
    """An IPv4 or IPv6 address, the latter in brackets or not, as a GeneralName; else CertificateError."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError as error:
        raise CertificateError(f"{text!r} is not an IP address") from error


def email_name(text: str) -> x509.RFC822Name:
    """A mailbox (RFC 5280 4.2.1.6: ASCII, local part, @, host) as a GeneralName; else CertificateError."""
    mailbox = _MAILBOX.fullmatch(text)
    if not mailbox or not text.isascii():
        raise CertificateError(f"{text!r} is not an ASCII e-mail address")
    dns_name(mailbox["host"])
    return x509.RFC822Name(text)


def uri_name(text: str) -> x509.UniformResourceIdentifier:
    """An absolute ASCII URI as a GeneralName; else CertificateError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", text):
        raise CertificateError(f"{text!r} is not an absolute URI")
    return x509.UniformResourceIdentifier(text)


def host(text: str) -> x509.DNSName | x509.IPAddress:
    """What a person calls a host: an IP address if it reads as one, otherwise a host name."""
    try:
        return ip_name(text)
    except CertificateError:
        return dns_name(text)


_KINDS: dict[str, Callable[[str], x509.GeneralName]] = {
    "DNS": dns_name,
    "IP": ip_name,
    "email": email_name,
    "URI": uri_name,
}


def alternative_names(texts: Iterable[str]) -> list[x509.GeneralName]:
    """Parse `DNS:a.example,IP:10.0.0.1,email:me@a.example,URI:...`; lists are joined, doubles dropped.

    Raises:
        CertificateError: an unknown prefix or a malformed name.
    """
    entries = [entry.strip() for text in texts for entry in text.split(",")]
    return list(dict.fromkeys(_alternative_name(entry) for entry in entries if entry))


def _alternative_name(entry: str) -> x509.GeneralName:
    prefix, _, value = entry.partition(":")
    kind = _KINDS.get(prefix)
    if kind is None:
        raise CertificateError(f"{entry!r} is no alternative name: write DNS:, IP:, email: or URI: before it")
    return kind(value.strip())


def common_name(text: str) -> x509.Name:
    """The subject CN=`text`, or the empty subject if that is longer than a common name may be."""
    if len(text) > LONGEST_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
