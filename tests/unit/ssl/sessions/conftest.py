"""DBM types that the system's own Python has are tried as well."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

import pytest
from blackbox.dbm_modules import borrow


@pytest.fixture(scope="session", autouse=True)
def dbm_modules():
    """gnu and ndbm, borrowed if need be."""
    with tempfile.TemporaryDirectory() as top:
        folder = borrow(Path(top, "modules"))
        if folder is None:
            yield
            return
        sys.path.append(str(folder))
        with mock.patch.dict(os.environ, PYTHONPATH=str(folder)):
            yield
        sys.path.remove(str(folder))
