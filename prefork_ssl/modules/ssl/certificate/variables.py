"""The part of a variable's name that follows SSL_SERVER_ or SSL_CLIENT_: what it says of a certificate."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from prefork_ssl.modules.ssl.certificate.extensions import extension
from prefork_ssl.modules.ssl.keys.key_types import key_type

Read = Callable[[x509.Certificate], str]


def certificate_variable(part: str) -> Read | None:
    """How to read what `part` names ("M_SERIAL", "S_DN_CN", "I_DN_O_1", "SAN_DNS_0"); None if it names nothing."""
    if part in _WHOLE:
        return _WHOLE[part]
    if found := _NAME_PART.fullmatch(part):
        return _name_part(found["whose"] == "S", _ATTRIBUTES[found["attribute"]], int(found["index"] or 0))
    if found := _ALTERNATIVE.fullmatch(part):
        return _alternative(_ALTERNATIVES[found["kind"]], int(found["index"]))
    return None


def _name_part(subject: bool, attribute: ObjectIdentifier, index: int) -> Read:
    def read(certificate: x509.Certificate) -> str:
        name = certificate.subject if subject else certificate.issuer
        values = [str(each.value) for each in name.get_attributes_for_oid(attribute)]
        return values[index] if index < len(values) else ""

    return read


def _alternative(kind: type[x509.DNSName | x509.RFC822Name], index: int) -> Read:
    def read(certificate: x509.Certificate) -> str:
        names = extension(certificate, x509.SubjectAlternativeName) or ()
        values = [name.value for name in names if isinstance(name, kind)]
        return values[index] if index < len(values) else ""

    return read


def _date(moment: datetime) -> str:
    """ "Nov  3 10:29:27 2026 GMT", as OpenSSL prints times."""
    return f"{_MONTHS[moment.month - 1]} {moment.day:2} {moment:%H:%M:%S} {moment.year} GMT"


def _key_algorithm(certificate: x509.Certificate) -> str:
    kind = key_type(certificate.public_key()) or ""
    return _KEY_ALGORITHMS.get(kind, kind)


def _signature_algorithm(certificate: x509.Certificate) -> str:
    # OpenSSL's long name; the library has no public look-up for it.
    return str(certificate.signature_algorithm_oid._name)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_KEY_ALGORITHMS = {"RSA": "rsaEncryption", "EC": "id-ecPublicKey", "DSA": "dsaEncryption"}

_WHOLE: dict[str, Read] = {
    "M_VERSION": lambda certificate: str(certificate.version.value + 1),
    "M_SERIAL": lambda certificate: f"{certificate.serial_number:X}",
    "V_START": lambda certificate: _date(certificate.not_valid_before_utc),
    "V_END": lambda certificate: _date(certificate.not_valid_after_utc),
    "S_DN": lambda certificate: certificate.subject.rfc4514_string(),
    "I_DN": lambda certificate: certificate.issuer.rfc4514_string(),
    "A_KEY": _key_algorithm,
    "A_SIG": _signature_algorithm,
    "CERT": lambda certificate: certificate.public_bytes(Encoding.PEM).decode("ascii"),
}

_ATTRIBUTES = {
    "C": NameOID.COUNTRY_NAME,
    "ST": NameOID.STATE_OR_PROVINCE_NAME,
    "SP": NameOID.STATE_OR_PROVINCE_NAME,
    "L": NameOID.LOCALITY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "T": NameOID.TITLE,
    "I": NameOID.INITIALS,
    "G": NameOID.GIVEN_NAME,
    "S": NameOID.SURNAME,
    "D": ObjectIdentifier("2.5.4.13"),  # description
    "UID": NameOID.USER_ID,
    "Email": NameOID.EMAIL_ADDRESS,
}
_NAME_PART = re.compile(
    rf"(?P<whose>[SI])_DN_(?P<attribute>{'|'.join(_ATTRIBUTES)})(?:_(?P<index>[0-9]{{1,4}}))?"
)

_ALTERNATIVES: dict[str, type[x509.DNSName | x509.RFC822Name]] = {
    "DNS": x509.DNSName,
    "Email": x509.RFC822Name,
}
_ALTERNATIVE = re.compile(r"SAN_(?P<kind>DNS|Email)_(?P<index>[0-9]{1,4})")
