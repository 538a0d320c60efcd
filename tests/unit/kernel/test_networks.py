"""Networks as Apache writes them (mod_authz_host's manual)."""

from __future__ import annotations

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.networks import membership, parse_address, parse_network


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.8", "2001:db8::1"]),
        ("192.0.2", ["192.0.2.0", "192.0.2.255"], ["192.0.3.0", "192.0.20.1"]),
        ("192.0.2.", ["192.0.2.1"], ["192.0.3.1"]),
        ("10", ["10.255.255.255"], ["11.0.0.0"]),
        ("10.1", ["10.1.2.3"], ["10.10.2.3"]),
        ("10.1.0.0/255.255.0.0", ["10.1.255.1"], ["10.2.0.1"]),
        ("10.1.2.3/16", ["10.1.255.1"], ["10.2.0.1"]),
        ("0.0.0.0/0", ["192.0.2.7"], ["::1"]),
        ("2001:db8::/32", ["2001:db8:1::1", "2001:0db8::"], ["2001:db9::1", "192.0.2.7"]),
        ("2001:db8::a00:20ff:fea7:ccea", ["2001:db8::a00:20ff:fea7:ccea"], ["2001:db8::a00:20ff:fea7:cceb"]),
        ("fe80::/10", ["fe80::1", "fe80::1%eth0"], ["fec0::1"]),
    ],
)
def test_what_is_inside(text, inside, outside):
    is_inside = membership([parse_network("198.51.100.1"), parse_network(text)])
    for _ in range(2):  # the second time it is remembered
        assert all(map(is_inside, inside))
        assert not any(map(is_inside, outside))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a",
        "192.0.2.7.1",
        "192.0.2.256",
        "300",
        "192..2",
        "10/8",
        "192.0.2.0/33",
        "192.0.2.0/255.0.255.0",
        "::g",
    ],
)
def test_what_is_no_network(text):
    with pytest.raises(BadArgument, match="is neither an address nor a network"):
        parse_network(text)


def test_what_is_no_address_is_in_no_network():
    everywhere = membership([parse_network("0.0.0.0/0"), parse_network("::/0")])
    for text in ("", "localhost", "192.0.2", "192.0.2.7:80", "\0"):
        assert parse_address(text) is None
        assert not everywhere(text)
    assert not membership([])("192.0.2.7")
