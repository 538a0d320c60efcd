"""Noticing that certificate or key files have changed (SSLCertificateWatch)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from prefork_ssl.modules.ssl.keys.file_pool import Stamp

Stamps = Mapping[Path, Stamp]


class Watch:
    """Looks at files by stat(2), about once a second.

    A certificate and its key are two files, and are renewed one after the other. So a change counts when the next look
    finds all files as this one has left them; and what was told once is told again only when something else changes.
    A file that has been removed is no change: what was read from it stays in use.
    """

    def __init__(self, read: Stamps) -> None:
        """`read` are the files, with the stamps that they had when they were read."""
        self._read = {os.fspath(path): stamp for path, stamp in read.items()}
        self._seen: dict[str, Stamp] = {}
        self._told: dict[str, Stamp] = {}

    def look(self) -> Iterable[str]:
        """The files that have changed since they were read; empty if there is nothing new to tell."""
        before, self._seen = self._seen, dict(self._changes())
        if self._seen != before or self._seen == self._told:
            return ()
        self._told = self._seen
        return tuple(self._seen)

    def _changes(self) -> Iterable[tuple[str, Stamp]]:
        for path, read in self._read.items():
            try:
                now = Stamp.of(os.stat(path))  # noqa: PTH116 - thousands of times a minute
            except OSError:
                continue
            if now != read:
                yield path, now
