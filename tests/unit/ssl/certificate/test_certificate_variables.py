"""What variables say of a certificate (SSL_CLIENT_*, SSL_SERVER_*)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from unit.ssl.certificate.certificates import TELETEX, UTF8, certificate, element
from unit.ssl.issued import Issued, ca

from prefork_ssl.modules.ssl.certificate.variables import certificate_variable, exported, slashed_name
from prefork_ssl.modules.ssl.certificate.view import CertificateView


def value(shown: x509.Certificate, part: str) -> str:
    read = certificate_variable(part)
    assert read is not None, part
    return read(CertificateView(shown))


FULL = certificate(
    ("C", UTF8, b"DE"),
    ("ST", UTF8, b"Bayern"),
    ("L", UTF8, "München".encode()),
    ("O", UTF8, b"Example"),
    ("OU", UTF8, b"first"),
    [("OU", UTF8, b"other"), ("OU", UTF8, b"third")],
    ("CN", UTF8, b"www.good.test\0.evil.test\\"),
    ("T", UTF8, b"Dr"),
    ("I", UTF8, b"AL"),
    ("G", UTF8, b"Ann"),
    ("S", TELETEX, "Müller".encode("latin-1")),
    ("D", UTF8, b"described"),
    ("UID", UTF8, b"joe"),
    ("Email", UTF8, b"joe@example.com"),
)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("S_DN_C", "DE"),
        ("S_DN_ST", "Bayern"),
        ("S_DN_SP", "Bayern"),
        ("S_DN_L", "München"),
        ("S_DN_O", "Example"),
        ("S_DN_OU", "first"),
        ("S_DN_OU_0", "first"),
        ("S_DN_OU_1", "other"),
        ("S_DN_OU_2", "third"),
        ("S_DN_OU_3", ""),
        ("S_DN_CN", "www.good.test\\00.evil.test\\\\"),
        ("S_DN_CN_RAW", "www.good.test\0.evil.test\\"),
        ("S_DN_T", "Dr"),
        ("S_DN_I", "AL"),
        ("S_DN_G", "Ann"),
        ("S_DN_S", "Müller"),
        ("S_DN_S_RAW", "M\udcfcller"),
        ("S_DN_S_0_RAW", "M\udcfcller"),
        ("S_DN_D", "described"),
        ("S_DN_UID", "joe"),
        ("S_DN_Email", "joe@example.com"),
        ("I_DN_CN", "template"),
        ("I_DN", "CN=template"),
        ("M_VERSION", "3"),
        ("A_KEY", "id-ecPublicKey"),
        ("A_SIG", "ecdsa-with-SHA256"),
    ],
)
def test_names(part: str, expected: str) -> None:
    assert value(FULL, part) == expected


@pytest.mark.parametrize(
    "part",
    ["S_DN_XX", "S_DN_CN_", "S_DN_CN_x", "S_DN_CN_00000", "X_DN_CN", "SAN_DNS", "SAN_URI_0", "NOTHING", ""],
)
def test_parts_that_mean_nothing(part: str) -> None:
    assert certificate_variable(part) is None


def test_names_in_the_old_form() -> None:
    read = slashed_name("S_DN")
    assert read is not None
    assert read(CertificateView(FULL)).startswith(
        "/C=DE/ST=Bayern/L=M\\xC3\\xBCnchen/O=Example/OU=first/OU=other+OU=third"
    )
    assert slashed_name("S_DN_CN") is None
    assert slashed_name("M_SERIAL") is None


def alternative(*names: x509.GeneralName) -> x509.Certificate:
    return Issued("san", None, extensions=[x509.SubjectAlternativeName(names)]).certificate


def test_alternative_names() -> None:
    upn = x509.OtherName(
        x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), element(UTF8, "joe@é.test".encode())
    )
    srv = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.5.5.7.8.7"), element(0x16, b"_https.example.com"))
    other = x509.OtherName(x509.ObjectIdentifier("1.2.3"), element(0x02, b"\x01"))
    shown = alternative(
        x509.DNSName("a.test"), upn, x509.RFC822Name("x@y.test"), other, x509.DNSName("b.test"), srv
    )
    for part, expected in {
        "SAN_DNS_0": "a.test",
        "SAN_DNS_1": "b.test",
        "SAN_DNS_2": "",
        "SAN_Email_0": "x@y.test",
        "SAN_EMAIL_0": "x@y.test",
        "SAN_OTHER_msUPN_0": "joe@é.test",
        "SAN_OTHER_MSUPN_0": "joe@é.test",
        "SAN_OTHER_dnsSRV_0": "_https.example.com",
    }.items():
        assert value(shown, part) == expected
    assert {
        "SAN_DNS_1": "b.test",
        "SAN_Email_0": "x@y.test",
        "SAN_OTHER_msUPN_0": "joe@é.test",
        "SAN_OTHER_dnsSRV_0": "_https.example.com",
    }.items() <= dict(exported(CertificateView(shown))).items()


def test_thousands_of_alternative_names() -> None:
    shown = alternative(*(x509.DNSName(f"n{number}.test") for number in range(3000)))
    assert value(shown, "SAN_DNS_2999") == "n2999.test"
    assert sum(name.startswith("SAN_") for name, _ in exported(CertificateView(shown))) == 100


def test_a_name_with_a_control_character_cannot_pass_for_another() -> None:
    shown = alternative(x509.DNSName("good.test\0.evil.test"), x509.DNSName("a\r\nb"))
    assert value(shown, "SAN_DNS_0") == "good.test\\00.evil.test"
    assert value(shown, "SAN_DNS_1") == "a\\0D\\0Ab"


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (timedelta(days=10, hours=12), "11"),
        (timedelta(hours=12), "1"),
        (timedelta(seconds=-30), "0"),
        (timedelta(days=-30), "0"),
    ],
)
def test_days_that_remain(ends: timedelta, expected: str) -> None:
    assert value(Issued(begins=timedelta(days=-60), ends=ends).certificate, "V_REMAIN") == expected


def test_dates_are_written_as_openssl_writes_them() -> None:
    shown = Issued().certificate
    end = shown.not_valid_after_utc
    assert value(shown, "V_END") == end.strftime("%b %e %H:%M:%S %Y GMT")
    assert time.strptime(value(shown, "V_START"), "%b %d %H:%M:%S %Y GMT")


def test_the_serial_number_has_whole_bytes() -> None:
    shown = Issued().certificate
    digits = value(shown, "M_SERIAL")
    assert int(digits, 16) == shown.serial_number
    assert len(digits) % 2 == 0
    assert digits == digits.upper()


def test_the_exact_assertion() -> None:
    issuer = ca('a "quoted" CA')
    shown = Issued("leaf", None, issuer).certificate
    expected = f'{{ serialNumber {shown.serial_number}, issuer rdnSequence:"CN=a \\""quoted\\"" CA" }}'
    assert value(shown, "CERT_RFC4523_CEA") == expected


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(65537, 2048), "rsaEncryption"),
        (ed25519.Ed25519PrivateKey.generate(), "ED25519"),
    ],
)
def test_algorithms(key, algorithm: str) -> None:
    shown = Issued("x", None, ca("CA"), key=key).certificate
    assert value(shown, "A_KEY") == algorithm
    assert value(shown, "A_SIG") == "ecdsa-with-SHA256"


def test_what_is_exported() -> None:
    names = dict(exported(CertificateView(FULL)))
    assert names["S_DN_OU"] == "first"
    assert names["S_DN_OU_1"] == "other"
    assert "S_DN_OU_0" not in names
    assert "S_DN_SP" not in names
    assert "CERT" not in names
    assert all(names.values())
    for part, told in names.items():
        assert value(FULL, part) == told


def test_a_name_of_a_thousand_parts() -> None:
    shown = certificate(*[("OU", UTF8, b"%d" % number) for number in range(1000)])
    assert value(shown, "S_DN_OU_999") == "999"
    assert sum(part.startswith("S_DN_OU") for part, _ in exported(CertificateView(shown))) == 100
