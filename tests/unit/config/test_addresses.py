"""Addresses of virtual hosts, and to listen on, that are none, and what is said about them."""

from __future__ import annotations

import pytest

from prefork_ssl.config.addresses import host_address, listen_address
from prefork_ssl.config.errors import BadArgument


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("example.com", "names are not looked up", "ServerName example.com"),
        ("example.com:443", "names are not looked up", "ServerName example.com"),
        ("localhost:0", "names are not looked up", "ServerName localhost"),
        ("192.0.2.256", "'192.0.2.256' is not an IP address", ""),
        ("192.0.2.01:80", "'192.0.2.01' is not an IP address", ""),
        ("443", "a port needs an address before it", r"\*:443"),
        (":443", "a port needs an address before it", r"\*:port"),
        ("", "a port needs an address before it", ""),
        ("::1", "'::1' is not an address", "in brackets"),
        ("2001:db8::1:443", "is not an address", "in brackets"),
        ("[::1", "is not an address", "IPv6 address"),
        ("[192.0.2.1]:80", "is not an address", "IPv6 address"),
        ("[::1]443", "is not an address", "IPv6 address"),
        ("[::g]:443", "'::g' is not an IP address", ""),
        ("*:0", "the port must be a number from 1 to 65535", ""),
        ("*:65536", "the port must be a number", ""),
        ("*:http", "the port must be a number", ""),
        ("*:", "the port must be a number", ""),
        ("*:٣", "the port must be a number", ""),
        ("[::1]:99999999999999999999", "the port must be a number", ""),
    ],
)
def test_what_is_no_address(word, message, hint):
    with pytest.raises(BadArgument, match=message) as caught:
        host_address(word)
    assert hint.replace("\\", "") in caught.value.hint


@pytest.mark.parametrize(
    ("word", "address"),
    [
        ("443", ("", 443)),
        ("*:443", ("", 443)),
        (":443", ("", 443)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("[::1]:1", ("::1", 1)),
    ],
)
def test_where_to_listen(word, address):
    assert listen_address(word) == address


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("0", "the port must be a number from 1 to 65535, not '0'", ""),
        ("127.0.0.1:0", "the port must be a number from 1 to 65535, not '0'", ""),
        ("127.0.0.1:99999", "the port must be a number from 1 to 65535, not '99999'", ""),
        ("[::1]:65536", "the port must be a number from 1 to 65535, not '65536'", ""),
        ("127.0.0.1:*", "the port must be a number", ""),
        ("127.0.0.1:", "the port must be a number", ""),
        ("127.0.0.1", "the port must be a number", ""),
        ("", "the port must be a number", ""),
        ("[::1]", "an address needs a port behind it", "[::1]:443"),
        ("::1:443", "is not an address", "in brackets"),
        ("localhost:443", "'localhost' is not an IP address, and names are not looked up", "every address"),
        ("192.0.2.256:443", "'192.0.2.256' is not an IP address", ""),
    ],
)
def test_where_nobody_can_listen(word, message, hint):
    with pytest.raises(BadArgument, match=message) as caught:
        listen_address(word)
    assert hint in caught.value.hint
