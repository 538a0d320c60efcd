"""Which files an Include names."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from prefork_ssl.config.errors import BadArgument

# More is a mistake, such as an Include of "/".
_MOST_FILES = 10000


def matching_paths(text: str, server_root: Path) -> list[Path]:
    """The files and directories that `text` names, in the order of their names; none if there are none."""
    if glob.has_magic(text):
        pattern = os.path.join(glob.escape(str(server_root)), text)  # noqa: PTH118 - a pattern, not a path
        return [Path(found) for found in sorted(glob.glob(pattern))]  # noqa: PTH207
    path = server_root / text
    return [path] if os.path.lexists(path) else []


def files_in(path: Path) -> list[Path]:
    """`path` itself if it is a file; all files in and below it, by name, if it is a directory.

    Raises OSError for what cannot be listed, BadArgument for a directory that links lead back to or that has too many.
    """
    files = list(islice(_walk(path), _MOST_FILES + 1))
    if len(files) > _MOST_FILES:
        raise BadArgument(f"there are more than {_MOST_FILES} files in {path}")
    return files


def _walk(path: Path, parents: tuple[Path, ...] = ()) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    real = path.resolve()
    if real in parents:
        raise BadArgument(f"{path} leads back to {real}", "remove the link")
    for entry in sorted(path.iterdir()):
        yield from _walk(entry, (*parents, real))


def read_text(path: Path) -> str:
    """The text of a configuration file. Bytes that are not UTF-8 survive as os.fsdecode has them. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode) and path != Path(os.devnull):
        raise OSError(0, "it is not a file", str(path))
    return path.read_bytes().decode("utf-8-sig", "surrogateescape")
