"""The hosts, mailboxes and addresses that a certificate is good for: its subject alternative names."""

import ipaddress
import re
from collections.abc import Callable, Iterable

from cryptography import x509

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import subjects
from prefork_ssl.certificates.text import printable

# RFC 5890 2.3.1: letters, digits and hyphens, no hyphen at the ends; underscores are met in practice.
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@(?P<host>[^\s@]+)")


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


def is_host(name: x509.GeneralName) -> bool:
    """Is it a name under which a server can be reached?"""
    return isinstance(name, x509.DNSName | x509.IPAddress)


def looks_like_host(text: str) -> bool:
    """Is a common name meant as a host: an address, localhost, or a host name with a dot in it?"""
    try:
        name = host(text)
    except CertificateError:
        return False
    return isinstance(name, x509.IPAddress) or "." in text or text == "localhost"


_TYPES = {
    "DNS": x509.DNSName,
    "IP": x509.IPAddress,
    "email": x509.RFC822Name,
    "URI": x509.UniformResourceIdentifier,
}

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
    return list(dict.fromkeys(alternative_name(entry) for entry in entries if entry))


def alternative_name(entry: str) -> x509.GeneralName:
    """Parse one name, `DNS:...`, `IP:...`, `email:...` or `URI:...`; else CertificateError."""
    prefix, _, value = entry.partition(":")
    kind = _KINDS.get(prefix)
    if kind is None:
        raise CertificateError(f"{entry!r} is no alternative name: write DNS:, IP:, email: or URI: before it")
    return kind(value.strip())


def readable(name: x509.GeneralName) -> str:
    """A name as `alternative_names` reads it; other kinds as OpenSSL writes them, an otherName by its type alone."""
    for prefix, kind in _TYPES.items():
        if isinstance(name, kind):
            return f"{prefix}:{printable(str(name.value))}"
    if isinstance(name, x509.DirectoryName):
        return f"dirName:{subjects.readable(name.value)}"
    identifier = name.type_id if isinstance(name, x509.OtherName) else name.value
    return f"{type(name).__name__}:{identifier.dotted_string}"


def listing(alternative_names: Iterable[x509.GeneralName]) -> str:
    """Several names, or `none`."""
    return ", ".join(map(readable, alternative_names)) or "none"


def cover(alternative_names: Iterable[x509.GeneralName], wanted: x509.DNSName | x509.IPAddress) -> bool:
    """Is one of the names the wanted host, or a wildcard for it (RFC 9525 6.3: `*` is one whole first label)?"""
    if isinstance(wanted, x509.IPAddress):
        return wanted in alternative_names
    host = wanted.value.lower().rstrip(".")
    wildcard = "*." + host.partition(".")[2]
    hosts = {name.value.lower() for name in alternative_names if isinstance(name, x509.DNSName)}
    return host in hosts or wildcard in hosts
