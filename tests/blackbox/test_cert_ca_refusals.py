"""prefork-ssl-cert sign: what a CA must not sign, it does not sign, and says why in one line."""

import datetime

import pytest
from blackbox.desk import Desk
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

pytestmark = pytest.mark.needs("openssl")

SIGN = "sign --ca-cert ca.crt --ca-key ca.key --request a.csr --out a.crt"


@pytest.fixture(scope="module")
def full_desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk with CAs that may not sign and requests that must not be signed."""
    desk = Desk(tmp_path_factory.mktemp("refusals"))
    desk.cert("ca --cert ca.crt --key ca.key --subject /CN=CA --no-passphrase")
    desk.cert("key --out a.key --no-passphrase")
    desk.cert("dummy --cert server.crt --key server.key --host a")
    _requests(desk)
    _authorities(desk)
    return desk


def _requests(desk: Desk) -> None:
    for name, options in {
        "a": "/CN=www.a.test",
        "nobody": "/O=Nobody",
        "same": "/CN=ca",
        "mail": "/emailAddress=me@b.test --san DNS:www.a.test",
        "outside": "/CN=a --san DNS:www.a.test,DNS:www.b.test",
        "address": "/CN=a --san DNS:www.a.test,IP:10.1.2.3",
        "wildcard": "/CN=a --san DNS:*.a.test",
        "common": "/CN=www.b.test --san IP:10.0.0.1",
    }.items():
        desk.cert(f"request --key a.key --out {name}.csr --subject {options}")
    upn = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
    _odd_request(desk, "other", x509.OtherName(upn, b"\x0c\x0cadmin@a.test"))
    _odd_request(desk, "comma", x509.DNSName("a.test,DNS:b.test"))
    _odd_request(desk, "blank", x509.DNSName("a b"))
    _odd_request(desk, "escape", x509.DNSName("\x1b[31ma.test"))
    desk.openssl("genrsa -out weak.key 1024")
    desk.openssl("req -new -key weak.key -subj /CN=www.a.test -out weak.csr")
    # Another key in the place of the first one: the signature no longer fits.
    desk.openssl("req -in a.csr -outform DER -out forged.der")
    forged = bytearray((desk / "forged.der").read_bytes())
    forged[-3] ^= 1
    (desk / "forged.csr").write_bytes(forged)


def _odd_request(desk: Desk, file: str, name: x509.GeneralName) -> None:
    key = load_pem_private_key((desk / "a.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    (desk / f"{file}.csr").write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))


def _authorities(desk: Desk) -> None:
    for name, extensions in {
        "no-sign": "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign",
        "no-constraints": "keyUsage=critical,keyCertSign",
        "clients": "basicConstraints=critical,CA:TRUE\nextendedKeyUsage=clientAuth",
        "limited": (
            "basicConstraints=critical,CA:TRUE\nnameConstraints=critical,permitted;DNS:a.test,excluded;DNS:x.a.test,"
            "permitted;IP:10.0.0.0/255.255.0.0,permitted;email:a.test"
        ),
    }.items():
        (desk / "x.cnf").write_text(
            f"[req]\ndistinguished_name=d\nx509_extensions=e\nprompt=no\n[d]\nCN={name}\n[e]\n{extensions}\n"
        )
        desk.openssl(f"req -x509 -new -key ca.key -config x.cnf -out {name}.crt")
    _expired_authority(desk)


def _expired_authority(desk: Desk) -> None:
    key = load_pem_private_key((desk / "ca.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "old")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2020, 2, 1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (desk / "old.crt").write_bytes(certificate.public_bytes(Encoding.PEM))


WHY_NOT = {
    "--ca-key a.key": "the key in a.key is not that of the CA in ca.crt",
    "--ca-cert server.crt --ca-key server.key": "the certificate in server.crt is not that of a CA",
    "--ca-cert no-constraints.crt": "the certificate in no-constraints.crt is not that of a CA",
    "--ca-cert no-sign.crt": "the CA may not sign certificates: its keyUsage lacks keyCertSign",
    "--ca-cert clients.crt": "the CA may not sign server certificates: see its extendedKeyUsage",
    "--ca-cert old.crt": "the CA in old.crt expired on 2020-02-01",
    "--ca-cert ca.key": "ca.key holds a private key, not a certificate",
    "--ca-cert missing.crt": "missing.crt: No such file or directory",
    "--request ca.crt": "ca.crt holds a certificate, not a certificate request",
    "--request forged.csr": "the signature of the request in forged.csr is wrong",
    "--request weak.csr": "the RSA key of the request in weak.csr has only 1024 bits",
    "--request nobody.csr": "the request names no host: give --san DNS:... or IP:...",
    "--request same.csr --san DNS:a.test": "the request has the CA's own subject; choose another",
    "--request other.csr": (
        "the request in other.csr: 'OtherName:1.3.6.1.4.1.311.20.2.3' is no alternative name: write DNS:, IP:,"
        " email: or URI: before it; --san gives other names"
    ),
    "--request comma.csr": (
        "the request in comma.csr: 'a.test,DNS:b.test' is not a host name; --san gives other names"
    ),
    "--request escape.csr": (
        "the request in escape.csr: '\\\\x1B[31ma.test' is not a host name; --san gives other names"
    ),
    "--request blank.csr": "the request in blank.csr: 'a b' is not a host name; --san gives other names",
    "--ca-cert limited.crt --request outside.csr": "the CA's name constraints forbid DNS:www.b.test",
    "--ca-cert limited.crt --request address.csr": "the CA's name constraints forbid IP:10.1.2.3",
    "--ca-cert limited.crt --request mail.csr": "the CA's name constraints forbid email:me@b.test",
    "--ca-cert limited.crt --request common.csr": "the CA's name constraints forbid DNS:www.b.test",
    "--ca-cert limited.crt --request wildcard.csr": "the CA's name constraints forbid DNS:*.a.test",
    "--ca-cert limited.crt --san DNS:x.a.test": "the CA's name constraints forbid DNS:x.a.test",
    "--out ca.crt": "ca.crt exists; --force overwrites it",
    "--out /sys/a.crt": "cannot write /sys/a.crt: Permission denied",
    "--days 9999999": "9999999 days from now is beyond the year 9999",
}


@pytest.mark.parametrize("options", WHY_NOT)
def test_refusals(full_desk: Desk, options: str) -> None:
    assert full_desk.refused(f"{SIGN} {options}") == WHY_NOT[options]


def test_names_within_the_constraints_are_signed_and_verified(full_desk: Desk) -> None:
    full_desk.cert(f"{SIGN} --out good.crt --ca-cert limited.crt --san DNS:www.a.test,IP:10.0.2.3")
    full_desk.openssl("verify -CAfile limited.crt -purpose sslserver -verify_hostname www.a.test good.crt")
