"""Which rules hold in a virtual host, and where those hold that were written in a section without a path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeVar

from prefork_ssl.config.directives import Directive
from prefork_ssl.config.tree import Configuration, DirectorySection, Host, SectionKind
from prefork_ssl.modules.proxy.directives import PROXY_PASS, PROXY_PASS_REVERSE
from prefork_ssl.modules.proxy.reverse import Mapping
from prefork_ssl.modules.proxy.routes import Route

T = TypeVar("T")

_WILDCARDS = re.compile(r"[*?\[\]^$|()\\+]")


def routes_of(host: Host) -> tuple[Route, ...]:
    """The rules of a host in the order in which they are tried."""
    placed = [
        route if route.path else route.at(section.name)
        for section in reversed(host.sections)
        for route in section.settings.get(PROXY_PASS, ())
    ]
    return (*placed, *host.settings[PROXY_PASS])


def placed_mappings(host: Host, mappings: tuple[Mapping, ...]) -> Iterator[Mapping]:
    """ProxyPassReverse lines, those of sections with the paths of these."""
    for mapping in mappings:
        path = mapping.path or next(
            section.name
            for section in host.sections
            if mapping in section.settings.get(PROXY_PASS_REVERSE, ())
        )
        yield Mapping(path, mapping.url)


def misplaced(configuration: Configuration) -> Iterator[tuple[Directive[object], DirectorySection | Host]]:
    """Where a line without a path stands, and no <Location /path> gives it one."""
    for host in configuration.all_hosts:
        if not all(route.path for route in host.settings[PROXY_PASS]):
            yield PROXY_PASS, host  # type: ignore[misc]
        if not all(mapping.path for mapping in host.settings[PROXY_PASS_REVERSE]):
            yield PROXY_PASS_REVERSE, host  # type: ignore[misc]
        for section in _sections(host):
            if not _has_path(section):
                for directive in (PROXY_PASS, PROXY_PASS_REVERSE):
                    if directive in section.settings:
                        yield directive, section  # type: ignore[misc]


def _sections(host: Host) -> Iterator[DirectorySection]:
    for section in host.sections:
        yield section
        yield from section.files


def _has_path(section: DirectorySection) -> bool:
    plain = section.name.startswith("/") and not _WILDCARDS.search(section.name)
    return section.kind is SectionKind.LOCATION and plain
