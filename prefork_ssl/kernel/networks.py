"""Networks as Apache's configurations write them, and whether an address is in one."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from prefork_ssl.config.errors import BadArgument

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# Clients' addresses that are remembered, in parsed form and with the answer that they got.
_REMEMBERED = 4096


def parse_network(text: str) -> Network:
    """An address (192.0.2.1), its first bytes (192.0), a network by mask or by length (192.0.2.0/255.255.255.0,
    2001:db8::/32). Bits behind the mask do not matter. Raises BadArgument."""
    try:
        return ipaddress.ip_network(_completed(text), strict=False)
    except ValueError:
        raise BadArgument(
            f"{text!r} is neither an address nor a network",
            "write 192.0.2.1, 192.0.2, 192.0.2.0/24 or 2001:db8::/32",
        ) from None


def _completed(text: str) -> str:
    """An IPv4 address of less than four numbers is the network of all that begin so."""
    numbers = text.removesuffix(".").split(".")
    if "/" in text or ":" in text or len(numbers) > 3 or not all(numbers):
        return text
    return ".".join(numbers + ["0"] * (4 - len(numbers))) + f"/{8 * len(numbers)}"


@lru_cache(maxsize=_REMEMBERED)
def parse_address(text: str) -> Address | None:
    """The address, None if it is none; an IPv4 address seen through an IPv6 socket is itself."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address is in one of the networks."""
    return address is not None and any(address in network for network in networks)


def membership(networks: Sequence[Network]) -> Callable[[str], bool]:
    """The function that tells whether an address, as text, is in one of the networks. It remembers its answers."""
    return lru_cache(maxsize=_REMEMBERED)(lambda text: within(parse_address(text), networks))
