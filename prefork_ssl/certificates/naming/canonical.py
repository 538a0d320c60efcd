"""Names as OpenSSL compares them, and the hash of a name under which a directory of CAs has a certificate or CRL.

OpenSSL (x509_name_canon, X509_NAME_hash_ex) turns every text in a name into UTF-8, drops the blanks at its ends,
makes one space of those within, and lower-cases ASCII letters. The attribute sets, encoded again one after the other
without the SEQUENCE around them, are hashed with SHA-1; the first four bytes, least significant first, are the hash.
"""

import hashlib
import re

from cryptography import x509

from prefork_ssl.certificates.naming import der

_SEQUENCE, _SET, _UTF8 = 0x30, 0x31, 0x0C

# The text types that OpenSSL allows in a name, by tag, and how it reads each.
_TEXT_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # T61String
    0x16: "latin-1",  # IA5String
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}

_BLANKS = re.compile(rb"[ \t\n\v\f\r]+")


def certificate_hash(certificate: x509.Certificate) -> str:
    """The hash of the subject, 8 hexadecimal digits, as `openssl x509 -subject_hash` prints it."""
    return name_hash(subject(certificate))


def crl_hash(crl: x509.CertificateRevocationList) -> str:
    """The hash of the issuer, 8 hexadecimal digits, as `openssl crl -hash` prints it."""
    return name_hash(issuer_of_crl(crl))


def name_hash(name: bytes) -> str:
    """The hash of a name in DER; ValueError if it is malformed."""
    digest = hashlib.sha1(b"".join(relative_names(name)), usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def same(one: x509.Name, other: x509.Name) -> bool:
    """Are these the same name for OpenSSL?"""
    return relative_names(one.public_bytes()) == relative_names(other.public_bytes())


def relative_names(name: bytes) -> list[bytes]:
    """The relative distinguished names of a name in DER, each in its canonical form; ValueError if malformed."""
    (sequence,) = der.elements(name)
    return [_relative_name(group.contents) for group in der.elements(sequence.contents)]


def _relative_name(contents: bytes) -> bytes:
    attributes = [_attribute(attribute.contents) for attribute in der.elements(contents)]
    return der.encode(_SET, b"".join(sorted(attributes)))


def _attribute(contents: bytes) -> bytes:
    identifier, value = der.elements(contents)
    return der.encode(_SEQUENCE, identifier.data + _value(value))


def _value(value: der.Element) -> bytes:
    encoding = _TEXT_ENCODINGS.get(value.tag)
    if encoding is None:
        return value.data
    text = value.contents.decode(encoding).encode()
    # bytes.lower() and these blanks are ASCII alone, as in OpenSSL.
    return der.encode(_UTF8, _BLANKS.sub(b" ", text).strip(b" ").lower())


def subject(certificate: x509.Certificate) -> bytes:
    """The subject as it stands in the certificate, DER (RFC 5280 4.1: TBSCertificate)."""
    fields = _fields(certificate.tbs_certificate_bytes)
    # [0] version is left out in version 1; then serial number, algorithm, issuer, validity, subject.
    return fields[5 if fields[0].tag == 0xA0 else 4].data


def issuer_of_crl(crl: x509.CertificateRevocationList) -> bytes:
    """The issuer as it stands in the CRL, DER (RFC 5280 5.1: TBSCertList)."""
    fields = _fields(crl.tbs_certlist_bytes)
    # The version, an INTEGER, is left out in version 1; then algorithm, issuer.
    return fields[2 if fields[0].tag == 0x02 else 1].data


def _fields(signed: bytes) -> list[der.Element]:
    (sequence,) = der.elements(signed)
    return list(der.elements(sequence.contents))
