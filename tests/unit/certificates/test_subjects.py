"""Subjects: parsed as OpenSSL's -subj, and written so that they can be parsed again."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import signing_requests
from prefork_ssl.certificates.naming import subjects

KEY = ec.generate_private_key(ec.SECP256R1())

PRINTABLE = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=" /+=\\"), min_size=1, max_size=20
)
ATTRIBUTES = st.builds(
    x509.NameAttribute,
    st.sampled_from(
        [NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME, NameOID.LOCALITY_NAME, NameOID.PSEUDONYM]
    ),
    # Blanks at the ends are dropped when a subject is parsed.
    PRINTABLE.map(str.strip).filter(bool),
)
GROUPS = st.lists(ATTRIBUTES, min_size=1, max_size=2, unique=True).map(x509.RelativeDistinguishedName)
NAMES = st.lists(GROUPS, max_size=4).map(x509.Name)


@given(NAMES)
def test_what_is_written_is_read_again(name: x509.Name) -> None:
    assert subjects.parse(subjects.readable(name)) == name


@given(
    st.text()
    | st.builds("{}={}".format, st.sampled_from([*subjects.ATTRIBUTES, "2.5.4.46", "1.2.3"]), st.text())
)
def test_any_text_is_a_subject_or_a_certificate_error(text: str) -> None:
    try:
        name = subjects.parse("/" + text)
    except CertificateError:
        return
    assert subjects.readable(name).isprintable()
    request = signing_requests.make(name, [], KEY)
    assert request.subject == name


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("/", []),
        ("/C=DE", [("C", "DE")]),
        ("/CN=a/CN=b", [("CN", "a"), ("CN", "b")]),
        ("//CN=a/", [("CN", "a")]),
        ("/CN=a=b", [("CN", "a=b")]),
        ("/CN= a b ", [("CN", "a b")]),
        ("/O=a\\/b\\\\", [("O", "a/b\\")]),
        ("/2.5.4.3=a", [("CN", "a")]),
        ("/countryName=DE/emailAddress=me@a.test", [("C", "DE"), ("emailAddress", "me@a.test")]),
    ],
)
def test_parse(text: str, attributes: list[tuple[str, str]]) -> None:
    assert subjects.parse(text) == x509.Name([subjects.attribute(*pair) for pair in attributes])


def test_attributes_together() -> None:
    (group,) = subjects.parse("/CN=a+UID=b\\+c").rdns
    assert {(part.oid, part.value) for part in group} == {
        (NameOID.COMMON_NAME, "a"),
        (NameOID.USER_ID, "b+c"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CN=a",
        "/CN",
        "/CN=a/b",
        "/XX=a",
        "/1=a",
        "/C=DEU",
        "/CN=",
        "/CN=a\nb",
        "/CN=a+CN=a",
        "/C=Ä",
        "/serialNumber=a_b",
        "/DC=ü",
        "/emailAddress=ü@a.test",
        "/CN=" + "x" * 65,
    ],
)
def test_what_is_no_subject(text: str) -> None:
    with pytest.raises(CertificateError):
        subjects.parse(text)


def test_what_does_not_print_is_shown_in_hexadecimal() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a\x1b\u2028/ä")])
    assert subjects.readable(name) == "/CN=a\\x1B\\xE2\\x80\\xA8\\/ä"
