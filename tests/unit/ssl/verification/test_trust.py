"""CAs and CRLs as they are configured: read by the master, and refused where they would let nobody in."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from unit.ssl.issued import DAY, Issued, ca
from unit.ssl.serving import logged, prepare, read, serving
from unit.ssl.tls_clients import ROOT, connect, files, host, says, site, trusting

from prefork_ssl.config.errors import ConfigError
from prefork_ssl.kernel.generation import check_configuration, load_order
from prefork_ssl.kernel.hooks import Renewal
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS
from prefork_ssl.modules.ssl.hosts.upkeep import maintain

CLIENTS = ca("Clients")
OTHERS = ca("Others")


def crl(issuer: Issued, *revoked: Issued, ends: timedelta = DAY, signer: Issued | None = None) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now - 2 * DAY)
        .next_update(now + ends)
    )
    for each in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(each.certificate.serial_number)
        builder = builder.add_revoked_certificate(entry.revocation_date(now - DAY).build())
    return builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(Encoding.PEM)  # type: ignore[arg-type]


@pytest.fixture
def lines(tmp_path: Path) -> str:
    """A host's own certificate."""
    return site(tmp_path, "a.test").lines


def refusal(folder: Path, text: str) -> str:
    """Why a configuration is refused: when it is checked, or when it is prepared."""
    with pytest.raises(ConfigError) as refused:
        prepare(folder, text)
    for problem in refused.value.problems:
        assert problem.origin is not None
        assert problem.hint
    return str(refused.value)


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


# --- what lets nobody in ---


@pytest.mark.parametrize("mode", ["require", "optional", "2", "on"])
@pytest.mark.parametrize("where", ["host", "location"])
def test_somebody_must_be_believed(tmp_path: Path, lines: str, mode: str, where: str) -> None:
    line = f"SSLVerifyClient {mode}"
    text = host("a.test", lines, line if where == "host" else f"<Location /x>\n{line}\n</Location>")
    configuration, loader = read(tmp_path, text)
    with pytest.raises(ConfigError, match="no CA is known") as refused:
        check_configuration(configuration, load_order(configuration, loader))
    (problem,) = refused.value.problems
    assert "SSLCACertificateFile" in problem.hint
    number = next(
        number
        for number, each in enumerate((tmp_path / "test.conf").read_text().splitlines(), 1)
        if line in each
    )
    assert problem.origin is not None
    assert problem.origin.line == number


def test_a_section_of_all_hosts_is_of_use_where_one_host_has_a_ca(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "cas", CLIENTS.pem)
    section = "<Location /x>\nSSLVerifyClient require\n</Location>\nSSLLog ssl_log\n"
    hosts = host("a.test", lines, "SSLCACertificateFile cas") + host("b.test", lines)
    prepare(tmp_path, section + hosts)
    assert "[warn]" in logged(tmp_path / "ssl_log", "lets no client of b.test:443 in")
    assert "no CA is known" in refusal(tmp_path, section + hosts.replace("SSLCACertificateFile cas", ""))


def test_where_anybody_is_believed_no_ca_is_needed(tmp_path: Path, lines: str) -> None:
    prepare(tmp_path, host("a.test", lines, "SSLVerifyClient optional_no_ca"))
    prepare(
        tmp_path, "SSLVerifyClient require\nSSLEngine off\n" + host("a.test", lines, "SSLVerifyClient none")
    )


@pytest.mark.parametrize("check", ["chain", "leaf no_crl_for_cert_ok"])
def test_crls_must_be_there_to_be_looked_into(tmp_path: Path, lines: str, check: str) -> None:
    assert "no CRLs to look in" in refusal(tmp_path, host("a.test", lines, f"SSLCARevocationCheck {check}"))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("missing", None, "cannot be read: No such file"),
        ("folder/x", b"", "is a directory"),
        ("key", ROOT.key_pem(), "holds a private key, not a certificate"),
        ("empty", b"", "is empty"),
        ("text", b"hello", "neither PEM nor DER"),
        ("cut", CLIENTS.pem[:300], "truncated"),
        ("broken", CLIENTS.pem.replace(b"\nMII", b"\nMIB", 1), "damaged"),
        ("crl", crl(CLIENTS), "holds a revocation list"),
        ("p12", ROOT.p12(b"secret"), "is encrypted"),
    ],
)
def test_files_that_hold_no_cas(
    tmp_path: Path, lines: str, name: str, data: bytes | None, words: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path = put(tmp_path, name, data)
        path = path.parent if path.parent != tmp_path else path
    for directive in ("SSLCACertificateFile", "SSLCADNRequestFile", "SSLCACertificateReqFile"):
        text = refusal(tmp_path, host("a.test", lines, f"{directive} {path}"))
        assert words in text
        assert directive in text


@pytest.mark.parametrize(
    ("data", "words"),
    [(CLIENTS.pem, "holds CERTIFICATE, not X509 CRL"), (b"hello", "neither PEM nor DER"), (b"", "is empty")],
)
def test_files_that_hold_no_crls(tmp_path: Path, lines: str, data: bytes, words: str) -> None:
    path = put(tmp_path, "x.crl", data)
    assert words in refusal(tmp_path, host("a.test", lines, f"SSLCARevocationFile {path}"))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path, lines: str) -> None:
    text = host(
        "a.test", lines, "SSLCACertificateFile none1\nSSLCARevocationFile none2\nSSLCADNRequestPath none3"
    )
    assert all(name in refusal(tmp_path, text) for name in ("none1", "none2", "none3"))


def test_a_directory_without_links(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "cas/clients.pem", CLIENTS.pem)
    text = "SSLLog ssl_log\n" + host("a.test", lines, "SSLCACertificatePath cas")
    prepare(tmp_path, text)
    assert "prefork-ssl-cert rehash" in logged(
        tmp_path / "ssl_log", "no files with the names that are looked for"
    )
    assert "no CA certificate was found" in refusal(
        tmp_path, text.replace("SSLEngine on", "SSLEngine on\nSSLVerifyClient require")
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (crl(CLIENTS, ends=-DAY), "was to be replaced by"),
        (crl(OTHERS), "that CA is not known"),
        (crl(CLIENTS, signer=OTHERS), "was not signed by that CA"),
    ],
)
def test_crls_of_no_use(tmp_path: Path, lines: str, data: bytes, words: str) -> None:
    put(tmp_path, "cas", CLIENTS.pem)
    put(tmp_path, "crls", data)
    use = "SSLCACertificateFile cas\nSSLCARevocationFile crls\nSSLCARevocationCheck leaf"
    prepare(tmp_path, "SSLLog ssl_log\n" + host("a.test", lines, use))
    assert "[warn]" in logged(tmp_path / "ssl_log", words)


def test_crls_that_are_not_looked_into(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "crls", crl(CLIENTS))
    prepare(tmp_path, "SSLLog ssl_log\n" + host("a.test", lines, "SSLCARevocationFile crls"))
    assert "SSLCARevocationCheck chain" in logged(tmp_path / "ssl_log", "are not looked into")


def test_no_ciphers_of_tls_1_3_in_sections(tmp_path: Path, lines: str) -> None:
    section = "<Location /x>\nSSLCipherSuite TLSv1.3 TLS_AES_128_GCM_SHA256\n</Location>"
    assert "no other ciphers to agree on" in refusal(tmp_path, host("a.test", lines, section))


def test_insecure_renegotiation_is_explained(tmp_path: Path, lines: str) -> None:
    text = refusal(tmp_path, host("a.test", lines, "SSLInsecureRenegotiation on"))
    assert "CVE-2009-3555" in text
    prepare(tmp_path, host("a.test", lines, "SSLInsecureRenegotiation off"))


@pytest.mark.parametrize(
    "line",
    [
        "SSLVerifyClient maybe",
        "SSLVerifyDepth -1",
        "SSLVerifyDepth many",
        "SSLCARevocationCheck all",
        "SSLCARevocationCheck chain whatever",
        "SSLRenegBufferSize big",
        "SSLInsecureRenegotiation maybe",
    ],
)
def test_words_that_mean_nothing(tmp_path: Path, lines: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line.split()[0]):
        prepare(tmp_path, host("a.test", lines, line))


@pytest.mark.parametrize(
    "line", ["SSLCACertificateFile x", "SSLCARevocationCheck chain", "SSLCADNRequestPath x"]
)
def test_what_sections_have_no_say_in(tmp_path: Path, lines: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line.split()[0]):
        prepare(tmp_path, host("a.test", lines, f"<Location /x>\n{line}\n</Location>"))


# --- what is believed ---


def enters(folder: Path, text: str, client: Issued) -> bool:
    """Whether a client gets through the handshake."""
    shown = files(folder, client)
    context = trusting(ROOT)
    context.load_cert_chain(shown.certificate, shown.key)
    with serving(prepare(folder, text)) as served:
        try:
            with connect(served.port, "a.test", context) as sock:
                return says(sock, b"x") == b"x"
        except OSError:
            return False


FRIEND, STRANGER = Issued("friend", None, CLIENTS), Issued("stranger", None, OTHERS)
REQUIRE = "SSLVerifyClient require\n"


def test_a_hashed_directory(tmp_path: Path, lines: str) -> None:
    """What has no link is not believed, as with OpenSSL."""
    put(tmp_path, "cas/0a1b2c3d.0", CLIENTS.pem)
    put(tmp_path, "cas/others.pem", OTHERS.pem)
    put(tmp_path, "cas/0a1b2c3d.r0", crl(CLIENTS, FRIEND))
    text = host("a.test", lines, REQUIRE + "SSLCACertificatePath cas")
    assert enters(tmp_path, text, FRIEND)
    assert not enters(tmp_path, text, STRANGER)
    revoked = text.replace(
        "SSLCACertificatePath", "SSLCARevocationCheck leaf\nSSLCARevocationPath cas\nSSLCACertificatePath"
    )
    assert not enters(tmp_path, revoked, FRIEND)


def test_file_and_directory_together(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "cas/0a1b2c3d.7", CLIENTS.pem)
    put(tmp_path, "others.pem", b"Some words before it.\n" + OTHERS.pem)
    text = host("a.test", lines, REQUIRE + "SSLCACertificatePath cas\nSSLCACertificateFile others.pem")
    assert enters(tmp_path, text, FRIEND)
    assert enters(tmp_path, text, STRANGER)


@pytest.mark.parametrize("directive", ["SSLCADNRequestFile", "SSLCACertificateReqFile"])
def test_other_names_may_be_told_than_are_believed(tmp_path: Path, lines: str, directive: str) -> None:
    put(tmp_path, "cas", CLIENTS.pem)
    put(tmp_path, "told", OTHERS.pem)
    text = host("a.test", lines, REQUIRE + f"SSLCACertificateFile cas\n{directive} told")
    assert announced(tmp_path, text) == ["Others"]
    assert announced(tmp_path, text.replace(directive, "SSLCACertificateFile")) == ["Others"]
    assert announced(tmp_path, text.replace(f"{directive} told", "")) == ["Clients"]
    assert not enters(tmp_path, text, STRANGER)


def announced(folder: Path, text: str) -> list[str]:
    (served,) = prepare(folder, text)[TLS_HOSTS].values()
    names = SSL.Connection(served.context, None).get_client_ca_list(as_cryptography=True)
    return [name.rfc4514_string().removeprefix("CN=") for name in names]


@pytest.mark.skipif(os.geteuid() != 0, reason="root may read what others may not")
def test_the_master_reads_what_workers_may_not(tmp_path: Path, lines: str) -> None:
    path = put(tmp_path, "cas", CLIENTS.pem)
    path.chmod(0o400)
    assert enters(tmp_path, host("a.test", lines, REQUIRE + "SSLCACertificateFile cas"), FRIEND)


# --- reload ---


def context_of(generation):
    (served,) = generation[TLS_HOSTS].values()
    return served.context


def test_a_new_crl_makes_new_contexts_and_ends_old_sessions(tmp_path: Path, lines: str) -> None:
    put(tmp_path, "cas", CLIENTS.pem)
    put(tmp_path, "crls", crl(CLIENTS))
    use = "SSLCACertificateFile cas\nSSLCARevocationFile crls\nSSLCARevocationCheck chain\n"
    text = host("a.test", lines, REQUIRE + use)
    first = prepare(tmp_path, text)
    same = prepare(tmp_path, text, first)
    assert context_of(same) is context_of(first)
    put(tmp_path, "crls", crl(CLIENTS, FRIEND))
    assert context_of(prepare(tmp_path, text, same)) is not context_of(first)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SSLVerifyClient none", "SSLVerifyClient optional"),
        ("SSLVerifyClient optional", "SSLVerifyClient require"),
        ("SSLVerifyDepth 2\nSSLVerifyClient require", "SSLVerifyClient require"),
        ("", "<Location /x>\nSSLVerifyClient require\n</Location>"),
    ],
)
def test_another_policy_makes_another_scope(tmp_path: Path, lines: str, before: str, after: str) -> None:
    put(tmp_path, "cas", CLIENTS.pem)
    scopes = set()
    for text in (before, after):
        ready = prepare(tmp_path, host("a.test", lines, "SSLCACertificateFile cas\n" + text))
        (served,) = ready[TLS_HOSTS].values()
        scopes.add(served.parameters.scope(served.name))
    assert len(scopes) == 2


def test_new_crls_are_noticed(tmp_path: Path, lines: str) -> None:
    """SSLCertificateWatch."""
    put(tmp_path, "cas", CLIENTS.pem)
    put(tmp_path, "crls/0a1b2c3d.r0", crl(CLIENTS))
    use = "SSLCACertificateFile cas\nSSLCARevocationPath crls\nSSLCARevocationCheck chain\n"
    ready = prepare(tmp_path, "SSLCertificateWatch on\n" + host("a.test", lines, use))
    assert maintain(ready) is None
    put(tmp_path, "crls/0a1b2c3d.r1", crl(OTHERS))
    assert [maintain(ready), maintain(ready)] == [None, Renewal.RELOAD]
