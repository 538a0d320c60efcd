"""Names as mod_ssl writes them: openssl writes them the same."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.ssl.certificate.certificates import BITS, BMP, IA5, PRINTABLE, TELETEX, UNIVERSAL, UTF8, certificate

from prefork_ssl.modules.ssl.certificate.distinguished_names import rfc2253, slashes
from prefork_ssl.modules.ssl.certificate.view import CertificateView

NAMES = [
    [],
    [("CN", PRINTABLE, b"www.example.com")],
    [("C", PRINTABLE, b"DE"), ("O", UTF8, b"Example, Inc."), ("CN", UTF8, b"a+b=c")],
    [[("O", UTF8, b"One"), ("OU", UTF8, b"Two")], ("CN", UTF8, b"several in one")],
    [("CN", UTF8, b" leading, and trailing ")],
    [("CN", UTF8, b"#hash")],
    [("CN", UTF8, b" ")],
    [("CN", UTF8, b"")],
    [("CN", UTF8, b'quotes " and \\ and <>;')],
    [("CN", UTF8, "Jürgen Müßig €".encode())],
    [("CN", BMP, "Jürgen €".encode("utf-16-be"))],
    [("CN", UNIVERSAL, "Jürgen 😀".encode("utf-32-be"))],
    [("CN", TELETEX, "Jürgen".encode("latin-1"))],
    [("CN", UTF8, b"www.good.test\0.evil.test")],
    [("CN", UTF8, b"line\nbreak\x7f\x01")],
    [("Email", IA5, b"a@example.com"), ("UID", UTF8, b"joe"), ("DC", IA5, b"example")],
    [("T", UTF8, b"Dr"), ("G", UTF8, b"Ann"), ("S", UTF8, b"Lee"), ("I", UTF8, b"AL"), ("D", UTF8, b"d")],
    [("unknown", UTF8, b"of nobody"), ("CN", UTF8, b"x")],
    [("O", UTF8, b"x" * 5000), ("CN", UTF8, b"y" * 300)],
    [("CN", UTF8, b"/slash/CN=admin")],
]


def openssl(der: bytes, option: str) -> str:
    """The subject as `openssl x509` prints it."""
    done = subprocess.run(
        ["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", option],
        input=der,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().removeprefix("subject=").removesuffix("\n")


@pytest.mark.parametrize("parts", NAMES, ids=str)
def test_rfc_2253(parts) -> None:
    shown = certificate(*parts)
    assert rfc2253(CertificateView(shown).subject) == openssl(shown.public_bytes(Encoding.DER), "RFC2253")


@pytest.mark.parametrize("parts", NAMES, ids=str)
def test_the_old_form(parts) -> None:
    shown = certificate(*parts)
    assert slashes(CertificateView(shown).subject) == openssl(shown.public_bytes(Encoding.DER), "compat")


@given(
    st.lists(
        st.tuples(st.sampled_from(["CN", "O", "Email"]), st.just(UTF8), st.text(max_size=20)), max_size=3
    )
)
@settings(max_examples=40, deadline=None)
def test_random_names(parts) -> None:
    shown = certificate(*((kind, tag, text.encode()) for kind, tag, text in parts))
    assert rfc2253(CertificateView(shown).subject) == openssl(shown.public_bytes(Encoding.DER), "RFC2253")


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        ([("CN", UTF8, b"\xff\xfebad")], "CN=\\FF\\FEbad"),
        ([("CN", TELETEX, b"J\xfcrgen")], "CN=J\\C3\\BCrgen"),
        ([("CN", BITS, b"\x00\x01")], "CN=#03020001"),
    ],
)
def test_what_is_not_what_its_type_says_shows_nevertheless(parts, written) -> None:
    """The library would refuse all the names of such a certificate."""
    assert rfc2253(CertificateView(certificate(*parts)).subject) == written


def test_two_names_are_never_written_alike() -> None:
    one = certificate(("CN", UTF8, b"a\\00b"))
    other = certificate(("CN", UTF8, b"a\0b"))
    assert rfc2253(CertificateView(one).subject) != rfc2253(CertificateView(other).subject)
