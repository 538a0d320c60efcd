"""Sessions: resumed where they were made, and nowhere else."""

from __future__ import annotations

import socket
import ssl

import pytest
from unit.ssl.serving import prepare, serving
from unit.ssl.tls_clients import ROOT, V12, V13, connect, host, says, site, trusting

from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS


@pytest.fixture
def lines(tmp_path):
    """The certificate lines of a.test and b.test."""
    return {name: site(tmp_path, name).lines for name in ("a.test", "b.test")}


def session(port: int, name: str, context: ssl.SSLContext, earlier: ssl.SSLSession | None = None):
    """Connect, and give whether the session was resumed, and the session to come back with."""
    with connect(port, name, context, earlier) as sock:
        assert says(sock, b"x") == b"x"  # TLS 1.3 sends its tickets after the handshake
        return sock.session_reused, sock.session


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("tickets", ["on", "off"])
@pytest.mark.parametrize(
    "difference", ["", "SSLHonorCipherOrder on\n"], ids=["same settings", "other settings"]
)
def test_a_session_is_resumed_by_its_own_host_only(tmp_path, lines, version, tickets, difference):
    text = f"SSLSessionTickets {tickets}\n"
    text += host("a.test", lines["a.test"]) + host("b.test", lines["b.test"], difference)
    context = trusting(ROOT, versions=[version])
    with serving(prepare(tmp_path, text)) as served:
        resumed, first = session(served.port, "a.test", context)
        assert not resumed
        resumed, second = session(served.port, "a.test", context, first)
        assert resumed
        for name in ("b.test", "a.test"):
            resumed, _ = session(served.port, name, context, second)
            assert resumed == (name == "a.test")


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_neither_do_hosts_with_one_certificate_share_sessions(tmp_path, version):
    both = site(tmp_path, "a.test").lines
    context = trusting(versions=[version])
    with serving(prepare(tmp_path, host("a.test", both) + host("b.test", both))) as served:
        _, first = session(served.port, "a.test", context)
        assert session(served.port, "b.test", context, first)[0] is False


@pytest.mark.parametrize("tickets", ["on", "off"])
def test_a_session_survives_the_way_its_connection_ended(tmp_path, lines, tickets):
    """The client of Python ends the TCP connection without close_notify."""
    context = trusting(ROOT, versions=[V12])
    text = f"SSLSessionTickets {tickets}\n" + host("a.test", lines["a.test"])
    with serving(prepare(tmp_path, text)) as served:
        _, first = session(served.port, "a.test", context)
        for _ in range(3):
            assert session(served.port, "a.test", context, first)[0]


def test_a_session_does_not_survive_garbage(tmp_path, lines):
    """RFC 5246 section 7.2.2: after a fatal alert it must not be resumed."""
    context = trusting(ROOT, versions=[V12])
    with serving(prepare(tmp_path, "SSLSessionTickets off\n" + host("a.test", lines["a.test"]))) as served:
        _, first = session(served.port, "a.test", context)
        with connect(served.port, "a.test", context, first) as sock:
            assert sock.session_reused
            raw = sock.detach()
        with socket.socket(fileno=raw) as cut:
            cut.settimeout(10)
            cut.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
            while cut.recv(65536):
                pass
        assert not session(served.port, "a.test", context, first)[0]


# --- reload ---


def contexts(generation: Generation):
    return {host.name: host.context for host in generation[TLS_HOSTS].values()}


@pytest.mark.parametrize("version", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])
def test_tickets_of_an_unchanged_host_survive_a_reload(tmp_path, lines, version):
    text = host("a.test", lines["a.test"]) + host("b.test", lines["b.test"])
    context = trusting(ROOT, versions=[version])
    before = prepare(tmp_path, text)
    with serving(before) as served:
        _, of_a = session(served.port, "a.test", context)
        _, of_b = session(served.port, "b.test", context)
    text = host("a.test", lines["a.test"], "SSLLog ssl_log") + host(
        "b.test", lines["b.test"], "SSLProtocol all"
    )
    with serving(prepare(tmp_path, text, before)) as served:
        assert session(served.port, "a.test", context, of_a)[0]
        assert not session(served.port, "b.test", context, of_b)[0]


def test_what_makes_a_context_anew(tmp_path, lines):
    text = host("a.test", lines["a.test"]) + host("b.test", lines["b.test"])
    first = prepare(tmp_path, text)
    same = prepare(tmp_path, text + host("c.test", lines["a.test"]), first)
    assert contexts(same)["a.test:443"] is contexts(first)["a.test:443"]
    site(tmp_path, "a.test")  # a new certificate and key in the same files
    renewed = prepare(tmp_path, text, same)
    assert contexts(renewed)["a.test:443"] is not contexts(first)["a.test:443"]
    assert contexts(renewed)["b.test:443"] is contexts(first)["b.test:443"]


def test_the_log_tells_how_many_hosts_went_on_unchanged(tmp_path, lines):
    text = "SSLLog ssl_log\n" + host("a.test", lines["a.test"]) + host("b.test", lines["b.test"])
    prepare(
        tmp_path,
        text.replace("SSLEngine on", "SSLEngine on\nSSLProtocol TLSv1.3", 1),
        prepare(tmp_path, text),
    )
    assert "2 hosts with TLS, 1 of them unchanged" in (tmp_path / "ssl_log").read_text()
