"""What reads the same in two readings of the configuration is the same object.

A reload has the old configuration and the new one in memory at once. Of a thousand virtual hosts, few have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakValueDictionary

from prefork_ssl.config.errors import Origin
from prefork_ssl.config.tree import DirectorySection, Host

# The virtual hosts that are in use, by where they were read last.
_in_use: WeakValueDictionary[Origin | None, Host] = WeakValueDictionary()


def shared(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """The virtual hosts of one reading; in place of one that has not changed, the one that stood there before."""
    earlier = dict(_in_use)
    chosen = []
    for host in hosts:
        before = earlier.pop(host.origin, None)
        chosen.append(before if before is not None and _same_host(before, host) else host)
    _in_use.update({host.origin: host for host in chosen})
    return tuple(chosen)


def _same_host(one: Host, other: Host) -> bool:
    return (
        one.addresses == other.addresses
        and one.settings.same(other.settings)
        and _same_sections(one.sections, other.sections)
    )


def _same_sections(some: tuple[DirectorySection, ...], others: tuple[DirectorySection, ...]) -> bool:
    return len(some) == len(others) and all(map(_same_section, some, others))


def _same_section(one: DirectorySection, other: DirectorySection) -> bool:
    return (
        (one.kind, one.name, one.pattern, one.origin) == (other.kind, other.name, other.pattern, other.origin)
        and one.settings.same(other.settings)
        and _same_sections(one.files, other.files)
    )
