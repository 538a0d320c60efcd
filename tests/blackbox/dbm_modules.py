"""The DBM modules that a Python built by hand often lacks, borrowed from the system's own Python where that is the same
version: the tests are then for these types, too."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import Path

_MODULES = ("_gdbm", "_dbm")


def borrow(folder: Path) -> Path | None:
    """Fill `folder` with what is missing here and can be borrowed; None if that is nothing."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    dynload = Path("/usr/lib", version, "lib-dynload")
    for name in _MODULES:
        file = f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
        if importlib.util.find_spec(name) is None and (dynload / file).is_file():
            folder.mkdir(exist_ok=True)
            (folder / file).symlink_to(dynload / file)
    return folder if folder.is_dir() else None
