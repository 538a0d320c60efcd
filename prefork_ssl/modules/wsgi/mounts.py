"""Where applications are mounted in a host's URL space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prefork_ssl.config.errors import Origin
from prefork_ssl.modules.wsgi.applications.source import Source


@dataclass(frozen=True, slots=True)
class Mount:
    """An application and its place: `prefix` is a decoded URL path without a slash at its end, "" for the root."""

    prefix: str
    source: Source
    origin: Origin

    def __str__(self) -> str:
        return self.prefix or "/"


class MountTable:
    """The mounts of one host."""

    def __init__(self, mounts: Mapping[str, Mount]) -> None:
        longest_first = sorted(mounts.values(), key=lambda mount: -len(mount.prefix))
        self._mounts = [(mount.prefix, f"{mount.prefix}/", mount) for mount in longest_first]

    def find(self, path: str) -> Mount | None:
        """The mount that a decoded URL path belongs to: the one with the longest prefix, which ends where a segment
        does."""
        for prefix, folder, mount in self._mounts:
            if path.startswith(folder) or path == prefix:
                return mount
        return None


def distinct_sources(mounts: Iterable[Mount]) -> Mapping[Source, Mount]:
    """Each source once, with the first mount that it has: an application that is mounted twice is one."""
    sources: dict[Source, Mount] = {}
    for mount in mounts:
        sources.setdefault(mount.source, mount)
    return sources
