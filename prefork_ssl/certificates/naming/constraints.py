"""The names that a CA may not certify because its own certificate forbids them (RFC 5280 4.2.1.10)."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from prefork_ssl.certificates.naming import canonical, names, subjects


def forbidden(
    constraints: x509.NameConstraints, subject: x509.Name, alternative_names: Iterable[x509.GeneralName]
) -> x509.GeneralName | None:
    """The first name that the constraints forbid: of the alternative names, the subject, or a host or mailbox in it."""
    checked = [*alternative_names, *_names_in_subject(subject)]
    return next((name for name in checked if not _is_allowed(name, constraints)), None)


def _names_in_subject(subject: x509.Name) -> list[x509.GeneralName]:
    hosts = [names.host(text) for text in subjects.common_names(subject) if names.looks_like_host(text)]
    mailboxes = [
        x509.RFC822Name(str(attribute.value))
        for attribute in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        if str(attribute.value).isascii()
    ]
    whole = [x509.DirectoryName(subject)] if subject.rdns else []
    return [*hosts, *mailboxes, *whole]


def _is_allowed(name: x509.GeneralName, constraints: x509.NameConstraints) -> bool:
    permitted = [base for base in constraints.permitted_subtrees or () if type(base) is type(name)]
    excluded = [base for base in constraints.excluded_subtrees or () if type(base) is type(name)]
    is_within = _WITHIN[type(name)]
    if any(is_within(name, base) for base in excluded) or _covers_excluded(name, excluded):
        return False
    return not permitted or any(is_within(name, base) for base in permitted)


def _dns_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    host, domain = name.value.lower(), base.value.lower()
    # RFC 5280 has no leading dot here; OpenSSL reads it as "subdomains only".
    return domain in ("", host) or host.endswith("." + domain.removeprefix("."))


def _covers_excluded(name: x509.GeneralName, excluded: list[x509.GeneralName]) -> bool:
    """Does a wildcard reach into an excluded domain?"""
    if not isinstance(name, x509.DNSName) or not name.value.startswith("*."):
        return False
    reach = name.value[1:].lower()
    return any(base.value.lower().endswith(reach) for base in excluded)


def _mailbox_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    local, _, host = name.value.rpartition("@")
    base_local, at, base_host = base.value.rpartition("@")
    if at and base_local != local:
        return False
    return _host_within(host, base_host)


def _uri_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    host = urlsplit(name.value).hostname or ""
    return _host_within(host, base.value)


def _host_within(host: str, base: str) -> bool:
    """One host exactly, or with a leading dot all hosts below it."""
    host, base = host.lower(), base.lower()
    return host.endswith(base) if base.startswith(".") else host == base


def _address_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    return name.value in base.value


def _subject_within(name: x509.GeneralName, base: x509.GeneralName) -> bool:
    inner = canonical.relative_names(name.value.public_bytes())
    outer = canonical.relative_names(base.value.public_bytes())
    return inner[: len(outer)] == outer


_WITHIN: dict[type[x509.GeneralName], Callable[[x509.GeneralName, x509.GeneralName], bool]] = {
    x509.DNSName: _dns_within,
    x509.RFC822Name: _mailbox_within,
    x509.UniformResourceIdentifier: _uri_within,
    x509.IPAddress: _address_within,
    x509.DirectoryName: _subject_within,
}
