"""Alternative names: what is one, what is none, and which hosts a certificate covers."""

import ipaddress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import names


@pytest.mark.parametrize(
    "text",
    ["a", "localhost", "a.b.test", "*.a.test", "xn--mnchen-3ya.test", "1.a", "a_b.test", "x" * 63 + ".test"],
)
def test_host_names(text: str) -> None:
    assert names.host(text) == x509.DNSName(text)


NO_HOSTS = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "-a",
    "a-",
    "a b",
    "a/b",
    "*",
    "*.",
    "a.*.b",
    "*a.b",
    "**.a",
    "ä.test",
    "a,b",
    "a:80",
    "a\n",
    "a\x00b",
]


@pytest.mark.parametrize("text", [*NO_HOSTS, "x" * 64, ".".join(["x" * 60] * 5)])
def test_what_is_no_host_name(text: str) -> None:
    with pytest.raises(CertificateError):
        names.host(text)


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "[::1]", "2001:db8::1"])
def test_addresses(text: str) -> None:
    assert names.host(text) == x509.IPAddress(ipaddress.ip_address(text.strip("[]")))


def test_a_list() -> None:
    assert names.alternative_names(["DNS:a.test, IP:::1,DNS:a.test", "", "email:me@a.test", "URI:urn:x"]) == [
        x509.DNSName("a.test"),
        x509.IPAddress(ipaddress.ip_address("::1")),
        x509.RFC822Name("me@a.test"),
        x509.UniformResourceIdentifier("urn:x"),
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "a.test",
        "dns:a.test",
        "DNS:",
        "IP:a",
        "IP:10.0.0.0/8",
        "email:a",
        "email:a@",
        "email:a b@c.d",
        "URI:a",
    ],
)
def test_what_is_no_alternative_name(entry: str) -> None:
    with pytest.raises(CertificateError):
        names.alternative_names([entry])


@given(st.text())
def test_any_text_is_a_list_of_names_or_a_certificate_error(text: str) -> None:
    for prefix in ("", "DNS:", "IP:", "email:", "URI:"):
        try:
            found = names.alternative_names([prefix + text])
        except CertificateError:
            continue
        # What was accepted fits into a certificate, and reads the same again.
        if found:
            x509.SubjectAlternativeName(found).public_bytes()
        assert names.alternative_names(map(names.readable, found)) == found


@pytest.mark.parametrize(
    ("certified", "wanted", "covered"),
    [
        ("DNS:a.test", "a.test", True),
        ("DNS:A.test", "a.TEST", True),
        ("DNS:b.test,DNS:a.test", "a.test", True),
        ("DNS:a.test", "b.a.test", False),
        ("DNS:*.a.test", "b.a.test", True),
        ("DNS:*.a.test", "a.test", False),
        ("DNS:*.a.test", "c.b.a.test", False),
        ("IP:10.0.0.1", "10.0.0.1", True),
        ("IP:10.0.0.1", "10.0.0.2", False),
        ("DNS:a.test", "10.0.0.1", False),
        ("email:me@a.test", "a.test", False),
    ],
)
def test_cover(certified: str, wanted: str, covered: bool) -> None:
    assert names.cover(names.alternative_names([certified]), names.host(wanted)) == covered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.test", True),
        ("*.a.test", True),
        ("localhost", True),
        ("::1", True),
        ("jane", False),
        ("Jane Doe", False),
    ],
)
def test_looks_like_host(text: str, expected: bool) -> None:
    assert names.looks_like_host(text) == expected


def test_other_kinds_are_named() -> None:
    directory = x509.DirectoryName(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a")]))
    registered = x509.RegisteredID(x509.ObjectIdentifier("1.2.3"))
    other = x509.OtherName(x509.ObjectIdentifier("1.2.4"), b"\x0c\x01a")
    assert (
        names.listing([directory, registered, other]) == "dirName:/CN=a, RegisteredID:1.2.3, OtherName:1.2.4"
    )
    assert names.listing([]) == "none"
