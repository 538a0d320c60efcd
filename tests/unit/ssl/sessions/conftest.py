"""DBM types that the system's own Python has are tried as well."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest
from blackbox.dbm_modules import borrow


@pytest.fixture(scope="session", autouse=True)
def dbm_modules():
    """gnu and ndbm, borrowed if need be."""
    with tempfile.TemporaryDirectory() as top:
        folder = borrow(Path(top, "modules"))
        if folder:
            sys.path.append(str(folder))
        yield
        if folder:
            sys.path.remove(str(folder))
