"""The hash of a name is the one that openssl computes, whatever the name."""

import datetime
import re
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from prefork_ssl.certificates.naming import canonical, der

pytestmark = pytest.mark.needs("openssl")

KEY = ec.generate_private_key(ec.SECP256R1())

# What OpenSSL takes for a blank or folds, and what it does not although Unicode does.
ODD = " \t\n\v\f\r  \u00a0\u2003AZaz09ÄäßİΣ/+=\\\"'\x00\x1f\x7f"

BASIC_PLANE = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs",))
LATIN_1 = st.characters(max_codepoint=0xFF)


def text(alphabet: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Text in which the odd characters are frequent."""
    return st.text(alphabet | st.sampled_from(ODD).filter(lambda c: ord(c) < 0x100), max_size=12)


VALUES = st.one_of(
    text(st.characters(exclude_categories=("Cs",))).map(lambda value: der.encode(0x0C, value.encode())),
    text(BASIC_PLANE).map(lambda value: der.encode(0x1E, value.encode("utf-16-be"))),
    text(st.characters(exclude_categories=("Cs",))).map(
        lambda value: der.encode(0x1C, value.encode("utf-32-be"))
    ),
    *(
        text(LATIN_1).map(lambda value, tag=tag: der.encode(tag, value.encode("latin-1")))
        for tag in (0x13, 0x14, 0x16)
    ),
    # NumericString is none of the types that are made canonical.
    st.text("0123456789 ", max_size=8).map(lambda value: der.encode(0x12, value.encode())),
)

# 2.5.4.3, .6, .10, .11 and e-mail.
TYPES = st.sampled_from(["550403", "550406", "55040a", "55040b", "2a864886f70d010901"])

ATTRIBUTES = st.builds(
    lambda oid, value: der.encode(0x30, der.encode(0x06, bytes.fromhex(oid)) + value), TYPES, VALUES
)
SETS = st.lists(ATTRIBUTES, min_size=1, max_size=3, unique=True).map(
    lambda attributes: der.encode(0x31, b"".join(sorted(attributes)))
)
NAMES = st.lists(SETS, max_size=4).map(lambda sets: der.encode(0x30, b"".join(sets)))


def template() -> x509.Certificate:
    """A certificate whose subject is then exchanged."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "template")])
    return (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2030, 1, 1))
        .sign(KEY, SHA256())
    )


def certificate_for(name: bytes) -> bytes:
    """A certificate with this subject, DER; nobody looks at its signature."""
    whole = template().public_bytes(Encoding.DER)
    (certificate,) = der.elements(whole)
    signed, *rest = der.elements(certificate.contents)
    fields = [field.data for field in der.elements(signed.contents)]
    # A version 3 certificate without extensions: version, number, algorithm, issuer, validity, subject, key.
    fields[5] = name
    return der.encode(0x30, der.encode(0x30, b"".join(fields)) + b"".join(element.data for element in rest))


def openssl(command: str, data: bytes) -> str:
    """What openssl prints for data on its standard input."""
    result = subprocess.run(
        ["openssl", *command.split()], input=data, capture_output=True, check=True, timeout=20
    )
    return result.stdout.decode().strip()


@settings(max_examples=150, deadline=None)
@given(NAMES)
def test_the_hash_of_a_subject(name: bytes) -> None:
    data = certificate_for(name)
    assert canonical.name_hash(name) == openssl("x509 -inform DER -noout -subject_hash", data)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from(ODD + "xyz"), min_size=1, max_size=20).filter(str.isprintable), max_size=4
    )
)
def test_the_hash_of_a_parsed_certificate_and_crl(values: list[str]) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, value) for value in values])
    now = datetime.datetime(2020, 1, 1)
    certificate = (
        x509.CertificateBuilder(name, name, KEY.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now)
        .sign(KEY, SHA256())
    )
    crl = x509.CertificateRevocationListBuilder(name, now, now).sign(KEY, SHA256())
    found = openssl("x509 -inform DER -noout -subject_hash", certificate.public_bytes(Encoding.DER))
    assert canonical.certificate_hash(certificate) == found
    assert canonical.crl_hash(crl) == openssl("crl -inform DER -noout -hash", crl.public_bytes(Encoding.DER))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Example  CA", " example ca "),
        ("\tEXAMPLE\nCA", "Example CA"),
        ("ÄB", "Äb"),
    ],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert canonical.relative_names(_name(one)) == canonical.relative_names(_name(other))


@pytest.mark.parametrize(("one", "other"), [("ÄB", "äb"), ("a b", "ab"), ("a\u00a0b", "a b")])
def test_names_that_are_not(one: str, other: str) -> None:
    assert canonical.relative_names(_name(one)) != canonical.relative_names(_name(other))


def _name(value: str) -> bytes:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, value)]).public_bytes()


@given(st.binary(max_size=40))
def test_garbage_is_a_value_error(data: bytes) -> None:
    try:
        digits = canonical.name_hash(data)
    except ValueError:
        return
    assert re.fullmatch("[0-9a-f]{8}", digits)
