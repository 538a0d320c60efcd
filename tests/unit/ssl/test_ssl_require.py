"""What comparisons mean in SSLRequire, and what it asks of a client's certificate."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from cryptography import x509
from unit.kernel.evaluating import holds as holds_in
from unit.kernel.evaluating import mistake, request
from unit.ssl.issued import Issued

from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.expression.dialect import SSL_REQUIRE


def holds(text: str, asked=None, **values: str) -> bool:
    return holds_in(text, asked, SSL_REQUIRE, **values)


ORDER = ["", "a", "b", "z", "~", "56", "aa", "ab", "b ", "é", "128", "zzz", "1000", "ää", "99999"]


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        (("<", "lt", "-lt"), lambda left, right: left < right),
        (("<=", "le", "-le"), lambda left, right: left <= right),
        ((">", "gt", "-gt"), lambda left, right: left > right),
        ((">=", "ge", "-ge"), lambda left, right: left >= right),
        (("==", "=", "eq", "-eq"), lambda left, right: left == right),
        (("!=", "ne", "-ne"), lambda left, right: left != right),
    ],
)
def test_shorter_is_smaller_and_equally_long_compares_by_bytes(spellings, expected):
    for left, first in enumerate(ORDER):
        for right, second in enumerate(ORDER):
            for spelling in spellings:
                assert holds(f'%{{TEXT_A}} {spelling} "{second}"', A=first) is expected(left, right)
                assert holds(f"%{{TEXT_A}} {spelling} %{{TEXT_B}}", A=first, B=second) is expected(
                    left, right
                )


@pytest.mark.parametrize(
    "text",
    [
        "%{TEXT_SIZE} >= 128",
        '%{TEXT_O} eq "Snake Oil, Ltd." and %{TEXT_OU} in {"Staff", "CA", "Dev"}',
        "%{TEXT_CIPHER} !~ m/^(EXP|NULL)/",
        "%{TEXT_SIZE} > 56 && !(%{TEXT_SIZE} lt 128)",
        "'a' -strmatch '?'",
    ],
)
def test_what_administrators_write(text):
    assert holds(text, SIZE="256", O="Snake Oil, Ltd.", OU="Dev", CIPHER="TLS_AES_128_GCM_SHA256")


# --- extensions ---

COMMENT, LEMONS = "2.16.840.1.113730.1.13", "1.3.6.1.4.1.18060.12.0"
UTF8, IA5, BMP, OCTETS, INTEGER = 0x0C, 0x16, 0x1E, 0x04, 0x02


def element(tag: int, content: bytes) -> bytes:
    """DER of something short."""
    return bytes((tag, len(content))) + content


def of_client(view: CertificateView | None):
    """A request of a client with this certificate."""
    transport = TLSTransport.__new__(TLSTransport)
    transport.__dict__["client"] = SimpleNamespace(certificate=view)
    transport.tls = SimpleNamespace(keep_session=lambda: None)
    return request(transport=transport)


def with_extensions(*extensions: tuple[str, bytes]) -> CertificateView:
    """A real certificate with these extensions, none of them twice."""
    unknown = [x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value) for oid, value in extensions]
    return CertificateView(Issued(extensions=unknown).certificate)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (element(UTF8, "Zitronen für alle".encode()), "Zitronen für alle"),
        (element(IA5, b"Lemons"), "Lemons"),
        (element(BMP, "Lemöns".encode("utf-16-be")), "Lemöns"),
        (element(UTF8, b""), ""),
        (element(UTF8, b"a\xffb"), "a\udcffb"),
    ],
)
def test_extensions_that_are_texts(value, text):
    asked = of_client(with_extensions((LEMONS, value), (COMMENT, element(IA5, b"a comment"))))
    for oid in ("OID", "PeerExtList", "peerextlist"):
        assert holds(f'%{{TEXT_A}} in {oid}("{LEMONS}")', asked, A=text)
        assert not holds(f'%{{TEXT_A}} in {oid}("{LEMONS}")', asked, A=f"{text}.")
        assert holds(f'"a comment" in {oid}("nsComment")', asked)
        assert holds(f'"a comment" in {oid}("Netscape Comment")', asked)
        assert not holds(f'"a comment" in {oid}("1.2.3")', asked)


@pytest.mark.parametrize(
    "value", [b"", b"\x0c", b"\x0c\x85", element(OCTETS, b"Lemons"), element(INTEGER, b"\5"), b"\xff" * 9]
)
def test_extensions_that_are_none_have_no_value(value):
    asked = of_client(with_extensions((LEMONS, value)))
    for text in ("", "Lemons", "5"):
        assert not holds(f'"{text}" in PeerExtList("{LEMONS}")', asked)


def test_an_extension_that_is_there_twice_has_two_values():
    def extension(text: bytes) -> bytes:
        oid = bytes.fromhex("06092b06010401818d0c")[:2] + bytes.fromhex("2b06010401818d0c00")
        return element(0x30, oid + element(0x01, b"\xff") + element(OCTETS, element(UTF8, text)))

    twice = element(0x30, element(0xA3, element(0x30, extension(b"a") + extension(b"b"))))
    oid = "1.3.6.1.4.1.18060.0"
    asked = of_client(CertificateView(SimpleNamespace(tbs_certificate_bytes=twice)))
    assert [text for text in "abc" if holds(f'"{text}" in OID("{oid}")', asked)] == ["a", "b"]


def test_without_a_certificate_there_are_no_extensions():
    assert not holds('"" in OID("1.2.3")', of_client(None))
    assert not holds('"" in OID("1.2.3")', request())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '1 in OID("lemons")',
            "'lemons' is no extension that is known by name (write its object identifier, such as 1.2.3.4)",
        ),
        (
            '1 in OID("1.")',
            "'1.' is no extension that is known by name (write its object identifier, such as 1.2.3.4)",
        ),
        (
            "1 in OID('ü\0')",
            r"'ü\x00' is no extension that is known by name (write its object identifier, such as 1.2.3.4)",
        ),
        ("1 in OID(%{REMOTE_ADDR})", "what OID is asked for must be a constant"),
        ("1 in ODI('1.2')", "there is no list ODI (did you mean oid?)"),
    ],
)
def test_mistakes_in_lists(text, said):
    assert mistake(text, SSL_REQUIRE) == [said, text.replace("\0", r"\x00"), "     ^"]
