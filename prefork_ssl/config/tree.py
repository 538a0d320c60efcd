"""The built configuration: one immutable tree of servers, virtual hosts and directory sections."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.matching import Pattern


class SectionKind(enum.Enum):
    """Directory sections, in Apache's order of merging: the later ones win."""

    DIRECTORY = "Directory"
    DIRECTORY_MATCH = "DirectoryMatch"
    FILES = "Files"
    LOCATION = "Location"


@dataclass(frozen=True, slots=True)
class DirectorySection:
    """One <Directory>, <DirectoryMatch>, <Files>, <FilesMatch>, <Location> or <LocationMatch>.

    `pattern` is searched for in the directory's path with a trailing slash, the file's base name, or the decoded URL
    path; wildcards and plain paths have been compiled to it. `name` is the argument as written. `files` are the <Files>
    sections nested in a directory section.
    """

    kind: SectionKind
    name: str
    pattern: Pattern
    settings: Settings
    files: tuple[DirectorySection, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class HostAddress:
    """An address of a <VirtualHost>: host "*" or an IP address without brackets; port 0 means any."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port or '*'}"


@dataclass(frozen=True, eq=False)
class Host:
    """The main server or a <VirtualHost>, its settings already merged over the main server's.

    `sections` are those in force, main server's first, each kind in the order in which it merges: <Directory> from the
    shortest path to the longest, the others in the order of the text. `addresses` is empty for the main server.
    """

    settings: Settings
    sections: tuple[DirectorySection, ...]
    addresses: tuple[HostAddress, ...] = ()
    origin: Origin | None = None

    @property
    def scopes(self) -> Iterator[Settings]:
        """Its settings and those of its sections, each as it stands there: before they are merged for a request."""
        yield self.settings
        for section in self.sections:
            yield section.settings
            for inner in section.files:
                yield inner.settings


@dataclass(frozen=True, eq=False)
class Configuration:
    """What one reading of the configuration files gave.

    `server` holds for requests that no virtual host takes. `hosts` are the virtual hosts in the order of the text.
    `modules` are the names given to LoadModule, in that order; `absent_modules` are those that the server does without,
    and where they are named first. `defines` are the names given by -D and Define. `files` are all that were read, for
    -t and for watching.
    """

    server: Host
    hosts: tuple[Host, ...]
    server_root: Path
    modules: tuple[str, ...] = ()
    absent_modules: Mapping[str, Origin] = field(default_factory=dict)
    defines: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()

    @property
    def all_hosts(self) -> tuple[Host, ...]:
        """The main server, then the virtual hosts."""
        return (self.server, *self.hosts)

    @property
    def scopes(self) -> Iterator[Settings]:
        """The settings of every server, virtual host and section, each as it stands there: before they are merged for a
        request. What a virtual host inherits comes once more."""
        for host in self.all_hosts:
            yield from host.scopes
