"""Subjects: who holds a certificate, as in /C=DE/O=Example/CN=www.example.com."""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.text import printable

# RFC 5280 appendix A.1: ub-common-name.
LONGEST_COMMON_NAME = 64

# The short names of OpenSSL, and the long ones that its configuration files use.
ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "countryName": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "stateOrProvinceName": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "localityName": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "organizationName": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "organizationalUnitName": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "commonName": NameOID.COMMON_NAME,
    "emailAddress": NameOID.EMAIL_ADDRESS,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "DC": NameOID.DOMAIN_COMPONENT,
    "domainComponent": NameOID.DOMAIN_COMPONENT,
    "UID": NameOID.USER_ID,
    "userId": NameOID.USER_ID,
    "GN": NameOID.GIVEN_NAME,
    "givenName": NameOID.GIVEN_NAME,
    "SN": NameOID.SURNAME,
    "surname": NameOID.SURNAME,
    "title": NameOID.TITLE,
    "street": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
}

# RFC 5280 appendix A.1: these are PrintableString or IA5String and nothing else; the alphabets are those of X.680 41.
_PRINTABLE_STRING = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*")
_IA5_STRING = re.compile(r"[\x00-\x7F]*")
_ANY = re.compile(r".*", re.DOTALL)
_ALPHABETS = {
    NameOID.COUNTRY_NAME: _PRINTABLE_STRING,
    NameOID.JURISDICTION_COUNTRY_NAME: _PRINTABLE_STRING,
    NameOID.SERIAL_NUMBER: _PRINTABLE_STRING,
    NameOID.DN_QUALIFIER: _PRINTABLE_STRING,
    NameOID.DOMAIN_COMPONENT: _IA5_STRING,
    NameOID.EMAIL_ADDRESS: _IA5_STRING,
}

# The first of the names of an attribute is its short one.
_SHORT_NAMES = {identifier: name for name, identifier in reversed(ATTRIBUTES.items())}


def parse(text: str) -> x509.Name:
    """Parse a subject.

    Args:
        text: `/C=DE/O=Example/CN=a` as OpenSSL's -subj takes it: a backslash before a `/`, `+` or backslash that
            belongs to a value, `+` between attributes that belong together; attributes by name or number (2.5.4.3).

    Raises:
        CertificateError: not of this form, an unknown attribute, or a value that the attribute does not allow.
    """
    if not text.startswith("/"):
        raise CertificateError(f"{text!r} is no subject: write it as /C=DE/O=Example/CN=www.example.com")
    groups = _split(text[1:], "/")
    return x509.Name([_attributes_together(group) for group in groups])


def _attributes_together(text: str) -> x509.RelativeDistinguishedName:
    attributes = [attribute(*_name_and_value(part)) for part in _split(text, "+")]
    try:
        return x509.RelativeDistinguishedName(attributes)
    except ValueError as error:
        raise CertificateError(f"{text!r}: {error}") from error


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CertificateError(f"{text!r} in the subject has no '='; write \\/ for a slash within a value")
    return name.strip(), re.sub(r"\\(.)", r"\1", value.strip())


def _split(text: str, separator: str) -> list[str]:
    """Split at each separator that has no backslash before it; the backslashes stay, empty parts go."""
    return re.findall(rf"(?:\\.|[^{separator}])+", text, re.DOTALL)


def attribute(name: str, value: str) -> x509.NameAttribute[str]:
    """One attribute of a subject, by its name in ATTRIBUTES or its dotted number; else CertificateError."""
    identifier = ATTRIBUTES.get(name) or _numbered(name)
    if not value.isprintable():
        raise CertificateError(f"{name} in the subject has a character that does not print")
    if not _ALPHABETS.get(identifier, _ANY).fullmatch(value):
        raise CertificateError(f"{name}={value} has a character that is not allowed there")
    try:
        return x509.NameAttribute(identifier, value)
    except ValueError as error:
        raise CertificateError(f"{name}={value} is not allowed in a subject: {error}") from error


def _numbered(name: str) -> x509.ObjectIdentifier:
    try:
        return x509.ObjectIdentifier(name)
    except ValueError as error:
        raise CertificateError(f"unknown subject attribute {name!r}") from error


def common_name(text: str) -> x509.Name:
    """The subject CN=`text`, or the empty subject if that is longer than a common name may be."""
    if len(text) > LONGEST_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def common_names(name: x509.Name) -> list[str]:
    """All common names in a subject."""
    return [str(found.value) for found in name.get_attributes_for_oid(NameOID.COMMON_NAME)]


def readable(name: x509.Name) -> str:
    """The subject in the form that `parse` reads; what does not print (control characters, ...) as \\xHH per byte."""
    return "".join("/" + "+".join(_readable(part) for part in group) for group in name.rdns) or "/"


def _readable(part: x509.NameAttribute[str | bytes]) -> str:
    name = _SHORT_NAMES.get(part.oid, part.oid.dotted_string)
    if isinstance(part.value, bytes):
        return f"{name}=#{part.value.hex()}"
    escaped = re.sub(r"([/+\\])", r"\\\1", part.value)
    return f"{name}={printable(escaped)}"
