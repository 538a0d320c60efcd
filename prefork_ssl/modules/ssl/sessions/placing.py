"""Putting files in their place, for a user who may have no right to make them there.

The master may be root, and the folder may belong to somebody else, who could put a link where a file is expected. So
files are made in a new folder that only the master can enter, given to their owner there, and then moved: a link that
lies in the way is replaced, and never followed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prefork_ssl.kernel.process.privileges import Identity


def put_in_place(path: Path, make: Callable[[Path], None], identity: Identity | None) -> None:
    """Let `make` make a file or a few, all of whose names begin with that of the path it is given, and move them to
    `path` with the same endings. They belong to `identity`, or to who runs this. Raises OSError, and what `make` does.

    The file at `path` itself is the first to go and the last to come: who finds the same one there before and after
    opening all of them has files that belong together.
    """
    with _private_folder(path.parent) as folder:
        make(Path(f"/proc/self/fd/{folder}", path.name))
        names = sorted(os.listdir(folder), key=path.name.__eq__)  # noqa: PTH208 - by descriptor
        if len(names) > 1:
            path.unlink(missing_ok=True)
        for name in names:
            if identity is not None:
                os.chown(name, identity.uid, identity.gid, dir_fd=folder, follow_symlinks=False)
            os.rename(name, path.with_name(name), src_dir_fd=folder)


@contextmanager
def _private_folder(parent: Path) -> Iterator[int]:
    """A descriptor of a new folder in `parent`, which is removed in the end with what is left in it."""
    path = parent / f".{secrets.token_hex(8)}"
    path.mkdir(0o700)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise PermissionError(f"{path} was replaced by somebody")
            yield fd
        finally:
            for name in os.listdir(fd):  # noqa: PTH208 - by descriptor
                os.unlink(name, dir_fd=fd)
            os.close(fd)
    finally:
        with suppress(OSError):
            path.rmdir()
