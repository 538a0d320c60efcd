"""What a reload changes, host by host, in the words of the configuration."""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.modules.ssl.hosts.table import TLSHost, TLSHosts
from prefork_ssl.modules.ssl.log.events.lifecycle import Changes

# The parts of Parameters, by what sets them.
_SET_BY = {
    "protocols": "SSLProtocol",
    "ciphers": "SSLCipherSuite",
    "honor_cipher_order": "SSLHonorCipherOrder",
    "tickets": "SSLSessionTickets",
    "commands": "SSLOpenSSLConfCmd",
    "certificates": "certificate or key",
    "clients": "SSLVerifyClient, its CAs or CRLs",
}


def changes(before: TLSHosts | None, now: TLSHosts) -> Changes | None:
    """From the hosts of one generation to those of the next; None if there was none before."""
    if before is None:
        return None
    old, new = _by_name(before), _by_name(now)
    both = [name for name in new if name in old]
    differences = {name: ", ".join(_differences(old[name], new[name])) for name in both}
    return Changes(
        added=[name for name in new if name not in old],
        removed=[name for name in old if name not in new],
        changed=[f"{name} ({what})" for name, what in differences.items() if what],
        unchanged=sum(not what for what in differences.values()),
    )


def _by_name(hosts: TLSHosts) -> dict[str, TLSHost]:
    """Of several hosts with one name, the first is the one that clients reach."""
    return {host.name: host for host in reversed([*hosts.values()])}


def _differences(old: TLSHost, new: TLSHost) -> Iterator[str]:
    for part, directive in _SET_BY.items():
        if getattr(old.parameters, part) != getattr(new.parameters, part):
            yield directive
    if old.stapled != new.stapled:
        yield "SSLUseStapling"
    if old.parameters == new.parameters and old.stapled == new.stapled and old.context is not new.context:
        yield "new ticket keys"
