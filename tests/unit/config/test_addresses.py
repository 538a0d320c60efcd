"""Addresses of virtual hosts that are none, and what is said about them."""

from __future__ import annotations

import pytest

from prefork_ssl.config.addresses import host_address
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
