"""The addresses that Listen and <VirtualHost> name."""

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


def listen_address(word: str) -> tuple[str, int]:
    """`[address:]port`: an IP address (IPv6 in brackets), "" if it is `*` or there is none, and the port. Raises
    BadArgument."""
    if word.endswith("]"):
        raise BadArgument("an address needs a port behind it", f"write {word}:443")
    host, port = _split(word) if ":" in word else ("", word)
    return "" if host in ("", "*") else _ip_address(host), _number(port)


def _host(text: str) -> str:
    if text.lower() in _ANY:
        return "*"
    if not text or (text.isascii() and text.isdigit()):
        raise BadArgument("a port needs an address before it", f"for any address write *:{text or 'port'}")
    try:
        return _ip_address(text)
    except BadArgument as error:
        hint = f"write the address, or *, and inside the section: ServerName {text}"
        raise BadArgument(str(error), hint) from None


def _ip_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        message = f"{text!r} is not an IP address, and names are not looked up"
        raise BadArgument(message, "write the address, or * for every address") from None


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
    return 0 if digits == "*" else _number(digits, ", or *,")


def _number(digits: str, otherwise: str = ",") -> int:
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6 and 0 < int(digits) < 65536):
        raise BadArgument(f"the port must be a number from 1 to 65535{otherwise} not {digits!r}")
    return int(digits)
