"""What the Context of a host does in a handshake: versions, ciphers, groups, certificates and their chains."""

from __future__ import annotations

import re
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from unit.ssl.issued import Issued, ca
from unit.ssl.serving import logged, prepare, serving
from unit.ssl.tls_clients import PATIENCE, ROOT, V12, V13, connect, files, host, site, trusting

RSA, EC = ca("RSA Issuer", ROOT), ca("EC Issuer", ROOT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("contexts")


@pytest.fixture(scope="module")
def port(folder):
    """Hosts that differ: each must keep to its own settings, whatever the first one allows."""
    certificate = site(folder, "a.test").lines
    key = rsa.generate_private_key(65537, 2048)
    of_rsa = files(folder, Issued("both.test", ("both.test",), RSA, key=key), RSA, stem="rsa")
    of_ec = files(folder, Issued("both.test", ("both.test",), EC), EC, stem="ec")
    text = (
        host("a.test", certificate)
        + host("old.test", certificate, "SSLProtocol TLSv1.2", "SSLCipherSuite ECDHE-ECDSA-AES256-GCM-SHA384")
        + host(
            "new.test",
            certificate,
            "SSLProtocol TLSv1.3",
            "SSLCipherSuite TLSv1.3 TLS_CHACHA20_POLY1305_SHA256",
        )
        + host(
            "ours.test",
            certificate,
            "SSLCipherSuite ECDHE+AES128:ECDHE+AES256",
            "SSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
            "SSLHonorCipherOrder on",
        )
        + host("group.test", certificate, "SSLOpenSSLConfCmd Curves P-384")
        + host("both.test", of_rsa.lines, of_ec.lines)
    )
    with serving(prepare(folder, "SSLLog ssl_log\nLogLevel ssl:info\n" + text)) as served:
        yield served.port


def s_client(port: int, name: str, *options: str) -> str:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", name, *options]
    done = subprocess.run(command, input="", capture_output=True, timeout=PATIENCE, check=False, text=True)
    return done.stdout + done.stderr


def refusal(port: int, name: str, *versions: ssl.TLSVersion, ciphers: str = "") -> str:
    context = trusting(versions=versions or (V12, V13))
    if ciphers:
        context.set_ciphers(ciphers)
    with pytest.raises(ssl.SSLError) as caught:
        connect(port, name, context)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "version", "cipher"),
    [
        ("a.test", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        ("old.test", "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("new.test", "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
        ("ours.test", "TLSv1.3", "TLS_AES_128_GCM_SHA256"),
    ],
)
def test_each_host_has_its_own_versions_and_ciphers(port, name, version, cipher):
    with connect(port, name) as sock:
        assert sock.version() == version
        assert sock.cipher()[0] == cipher


def test_our_order_of_ciphers_counts_if_so_configured(port):
    context = trusting(versions=[V12])
    context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256")
    with connect(port, "a.test", context) as sock:
        assert sock.cipher()[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"
    with connect(port, "ours.test", context) as sock:
        assert sock.cipher()[0] == "ECDHE-ECDSA-AES128-GCM-SHA256"


def test_a_version_that_the_host_does_not_allow_is_refused(port, folder):
    assert "alert protocol version" in refusal(port, "old.test", V13)
    assert "alert protocol version" in refusal(port, "new.test", V12)
    for offered, allowed in (("TLSv1.2", "TLSv1.3"), ("TLSv1.3", "TLSv1.2")):
        logged(folder / "ssl_log", f"[Hint: the client offers {offered}, SSLProtocol allows {allowed}: ")


def test_a_cipher_that_the_host_does_not_allow_is_refused(port, folder):
    assert "alert handshake failure" in refusal(
        port, "old.test", V12, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256"
    )
    offered, allowed = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"
    logged(folder / "ssl_log", f"the client offers {offered}; SSLCipherSuite allows {allowed}]")


@pytest.mark.parametrize("ciphers", ["aNULL:@SECLEVEL=0", "eNULL:@SECLEVEL=0"])
def test_no_ciphers_without_authentication_or_encryption(tmp_path, ciphers):
    allowed = host("a.test", site(tmp_path, "a.test").lines, "SSLCipherSuite ALL:aNULL:eNULL:@SECLEVEL=0")
    with serving(prepare(tmp_path, allowed)) as served:
        assert "alert handshake failure" in refusal(served.port, "a.test", V12, ciphers=ciphers)


def test_a_group_that_the_client_must_take(port):
    assert "secp384r1, 384 bits" in s_client(port, "group.test")
    assert "secp384r1" not in s_client(port, "a.test")


@pytest.mark.parametrize(
    ("algorithms", "issuer", "key"),
    [
        ("rsa_pss_rsae_sha256", "RSA Issuer", "rsaEncryption"),
        ("ecdsa_secp256r1_sha256", "EC Issuer", "id-ecPublicKey"),
    ],
)
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_client_chooses_between_an_rsa_and_an_ec_certificate(port, algorithms, issuer, key, version):
    """Each comes with the chain of its own."""
    output = s_client(port, "both.test", version, "-sigalgs", algorithms, "-showcerts")
    chain = [
        x509.load_pem_x509_certificate(block.encode())
        for block in re.findall(r"-----BEGIN.*?END CERTIFICATE-----", output, re.DOTALL)
    ]
    assert [certificate.subject.rfc4514_string() for certificate in chain] == ["CN=both.test", f"CN={issuer}"]
    assert chain[0].issuer == chain[1].subject
    assert f"a:PKEY: {key}" in output


def test_the_chain_is_enough_for_a_client_that_knows_the_root_only(port):
    for kind in ("RSA", "ECDSA"):
        context = trusting(ROOT, versions=[V12])
        context.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
        with connect(port, "both.test", context) as sock:
            assert sock.getpeercert()["subjectAltName"] == (("DNS", "both.test"),)


def test_a_chain_file_serves_certificates_without_a_chain_of_their_own(tmp_path):
    plain = files(tmp_path, Issued("a.test", ("a.test",), RSA))
    (tmp_path / "chain.pem").write_bytes(RSA.pem)
    text = host("a.test", plain.lines, f"SSLCertificateChainFile {tmp_path}/chain.pem")
    with serving(prepare(tmp_path, text)) as served, connect(served.port, "a.test", trusting(ROOT)):
        pass


def test_old_versions_work_for_those_who_insist(tmp_path):
    lines = ("SSLProtocol all", "SSLCipherSuite ALL:@SECLEVEL=0")
    text = host("a.test", site(tmp_path, "a.test").lines, *lines)
    with serving(prepare(tmp_path, text)) as served:
        output = s_client(served.port, "a.test", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "Protocol  : TLSv1.1" in output
