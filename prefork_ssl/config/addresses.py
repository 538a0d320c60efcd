"""The addresses that a <VirtualHost> names."""

from __future__ import annotations

import ipaddress

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.tree import HostAddress

# What Apache takes for any address.
_ANY = {"*", "_default_", "0.0.0.0", "::"}


def host_address(word: str) -> HostAddress:
    """`address[:port]`: an IP address (IPv6 in brackets), `*` or `_default_`; the port a number or `*`, which is also
    what holds without one. Raises BadArgument."""
    host, port = _split(word)
    return HostAddress(_host(host), _port(port))


def _host(text: str) -> str:
    if text.lower() in _ANY:
        return "*"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise _not_an_address(text) from None


def _split(word: str) -> tuple[str, str]:
    """Host and port, "*" if there is none."""
    if word.startswith("["):
        host, bracket, port = word[1:].partition("]")
        if not bracket or ":" not in host or (port and port[0] != ":"):
            raise BadArgument(f"{word!r} is not an address", "write [IPv6 address]:port")
        return host, port[1:] if port else "*"
    if word.count(":") > 1:
        raise BadArgument(f"{word!r} is not an address", "write IPv6 addresses in brackets: [::1]:443")
    host, colon, port = word.partition(":")
    return host, port if colon else "*"


def _port(digits: str) -> int:
    if digits == "*":
        return 0
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6 and 0 < int(digits) < 65536):
        raise BadArgument(f"the port must be a number from 1 to 65535, or *, not {digits!r}")
    return int(digits)


def _not_an_address(text: str) -> BadArgument:
    if not text or (text.isascii() and text.isdigit()):
        return BadArgument("a port needs an address before it", f"for any address write *:{text or 'port'}")
    return BadArgument(
        f"{text!r} is not an IP address, and names are not looked up",
        f"write the address, or *, and inside the section: ServerName {text}",
    )
