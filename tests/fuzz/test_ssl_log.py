"""Whatever a ClientHello has in it: the log tells of it in whole, printable lines, and every hint can be found out."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.ssl.hellos import client_hello, record
from unit.ssl.serving import prepare
from unit.ssl.tls_clients import host, site

from prefork_ssl.modules.ssl.connection.handshake import Opening
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello, Foreign, examine
from prefork_ssl.modules.ssl.hello.ja4 import ja4
from prefork_ssl.modules.ssl.hosts.table import TLS_HOSTS, TLSHost
from prefork_ssl.modules.ssl.log.events import handshakes
from prefork_ssl.modules.ssl.log.hints import offers, own_certificate, table
from prefork_ssl.modules.ssl.log.hints.failure import Failure
from prefork_ssl.modules.ssl.log.reader.entries import entry
from prefork_ssl.modules.ssl.openssl import Error, ServerConnection

LINE = re.compile(
    r"\[[^]]{24} \d{5,}\] \[info\]  (?:OpenSSL: [ -~]*|System: [ -~]*"
    r"|[^()[\]]* \(client 192\.0\.2\.1:1, server text\.test:443[^()[\]]*\)(?: \[Hint: [^[\]]*\])?)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="module")
def hosts(folder) -> dict[str, TLSHost]:
    text = "SSLLogRepeat 0\nSSLLogLevel debug\n" + "".join(
        host(f"{form}.test", site(folder, f"{form}.test").lines, f"SSLLog {form}_log", f"SSLLogFormat {form}")
        for form in ("text", "json")
    )
    return {each.name: each for each in prepare(folder, text)[TLS_HOSTS].values()}


def vector(data: bytes, width: int = 2) -> bytes:
    return len(data).to_bytes(width, "big") + data


numbers = st.lists(st.integers(0, 0xFFFF), max_size=12)
some_numbers = st.one_of(
    numbers,
    st.lists(
        st.sampled_from([0x0304, 0x0303, 0x0302, 0x1301, 0xC02B, 0xC02F, 29, 23, 24, 4588, 0x0403, 0x0804])
    ),
)


@st.composite
def hellos(draw) -> bytes:
    """A ClientHello in its record: well formed, with anything in its lists."""

    def listed(values: Any, width: int = 2) -> bytes:
        return vector(b"".join(value.to_bytes(2, "big") for value in values), width)

    name = draw(st.one_of(st.binary(max_size=400), st.text(max_size=80).map(str.encode)))
    alpn = b"".join(
        vector(each, 1) for each in draw(st.lists(st.binary(min_size=1, max_size=40), max_size=4))
    )
    extensions = {
        0: vector(b"\0" + vector(name)),
        10: listed(draw(some_numbers)),
        13: listed(draw(some_numbers)),
        16: vector(alpn),
        43: listed(draw(some_numbers), 1),
        51: vector(b""),
        **dict(draw(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=3))),
    }
    kept = draw(st.permutations(list(extensions)))[draw(st.integers(0, 4)) :]
    block = b"".join(kind.to_bytes(2, "big") + vector(extensions[kind]) for kind in kept)
    ciphers = listed(draw(some_numbers))
    body = (
        b"\x03\x03"
        + draw(st.binary(min_size=32, max_size=32))
        + vector(b"", 1)
        + ciphers
        + b"\1\0"
        + vector(block)
    )
    return record(b"\1" + vector(body, 3))


changes = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4)


@st.composite
def broken_hellos(draw) -> bytes:
    """One of a real client, or of those above, with some bytes changed and its end missing."""
    data = bytearray(draw(st.one_of(hellos(), st.just(client_hello()), st.binary(min_size=1, max_size=200))))
    for place, value in draw(changes):
        data[place % len(data)] = value
    return bytes(data[: draw(st.integers(1, len(data)))])


def opening(tls_host: TLSHost, data: bytes) -> Opening:
    wire = SimpleNamespace(
        peer=("192.0.2.1", 1), local=("192.0.2.2", 443), now=float, limit=lambda _seconds: None
    )
    made = Opening(wire, tls_host)  # type: ignore[arg-type]
    made.data = data
    return made


def receive(made: Opening) -> None:
    """What the connection hook does with a client that says this, and then nothing more."""
    first = examine(made.data)
    if isinstance(first, Foreign):
        handshakes.foreign(made, first.protocol)
        return
    if isinstance(first, ClientHello):
        made.hello = first
        made.tls = ServerConnection(made.host.context, made.data)
        try:
            made.tls.handshake()
        except Error as error:
            made.answer = bytes(made.tls.output() or b"")
            handshakes.failed(made, error)
            return
    handshakes.timed_out(made)
    handshakes.lost(made, ConnectionResetError(104, "Connection reset by peer"))
    handshakes.tls_on_plain_port(made.host.log, made.wire.peer, 80, made.data)


def told(folder, form: str) -> list[str]:
    """The lines since the last look; and nothing may have failed."""
    file = folder / f"{form}_log"
    lines = file.read_bytes().decode("ascii").split("\n")
    file.write_bytes(b"")
    errors = (folder / "error_log").read_text()
    assert "a hint failed" not in errors
    assert "Traceback" not in errors
    assert lines.pop() == ""
    return lines


fuzzed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@fuzzed
@given(data=st.one_of(hellos(), broken_hellos()))
def test_each_line_is_whole_and_printable(hosts, folder, data):
    told(folder, "text")
    receive(opening(hosts["text.test:443"], data))
    lines = told(folder, "text")
    assert lines
    for line in lines:
        assert LINE.fullmatch(line), line
    assert any(entry(line.encode()) for line in lines)


@fuzzed
@given(data=st.one_of(hellos(), broken_hellos()))
def test_each_line_is_one_object(hosts, folder, data):
    told(folder, "json")
    receive(opening(hosts["json.test:443"], data))
    lines = told(folder, "json")
    assert lines
    for line in lines:
        shown = json.loads(line)
        assert shown["client"] == "192.0.2.1"
        assert len(line) < 20000
        assert entry(line.encode())


REASONS = [*table._HINTS, *(f"tls alert {alert.replace('_', ' ')}" for alert in own_certificate.ALERTS)]


@fuzzed
@given(data=hellos(), reason=st.sampled_from(REASONS))
def test_every_hint_can_be_found_out_for_any_hello(hosts, data, reason):
    hello = examine(data)
    assert isinstance(hello, ClientHello)
    for tls_host in hosts.values():
        text = table.hint(Failure(reason, tls_host, hello))
        assert text
        assert len(text) < 3000
    assert re.fullmatch(r"t(13|12|11|10|s3|s2|00)[di]\d{4}\w\w_[0-9a-f]{12}_[0-9a-f]{12}", ja4(hello))
    offers.offered_versions(hello)


@fuzzed
@given(
    line=st.one_of(
        st.binary(max_size=300), st.from_regex(LINE).map(lambda text: text.encode("utf-8", "ignore"))
    )
)
def test_no_line_confuses_the_reader(line):
    found = entry(line)
    if found:
        assert found.message.isprintable()
        assert found.hint.isprintable()
        assert found.client.isprintable()
