"""Folders of logs that workers could write to.

The master opens logs anew when they were moved away, with root's rights. A worker that has been taken over could put a
link there, and let it append to any file of the system.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from prefork_ssl.kernel.process.privileges import Identity


def doubtful(targets: Iterable[str], identity: Identity | None) -> Iterator[str]:
    """A sentence with a remedy for each such folder. `targets` are those of Logs.files; without an identity there is
    nothing that workers may not do and the master may."""
    if identity is None or identity.uid == 0:
        return
    folders = {Path(target).parent for target in targets if target.startswith("/")}
    for folder in sorted(folders - {Path("/dev")}):
        if _may_write(identity, folder.stat()):
            yield (
                f"workers can write to the folder {folder}, and so choose where the master, as root, writes logs "
                f"[Hint: give it to root: chown root {folder}; chmod go-w {folder}]"
            )


def _may_write(identity: Identity, status: os.stat_result) -> bool:
    if status.st_uid == identity.uid:
        return bool(status.st_mode & stat.S_IWUSR)
    if status.st_gid in (identity.gid, *identity.groups):
        return bool(status.st_mode & stat.S_IWGRP)
    return bool(status.st_mode & stat.S_IWOTH)
