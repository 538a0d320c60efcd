"""The one wall that import-linter cannot hold: it sees packages of others only as wholes.

OpenSSL's low-level binding, which pyOpenSSL keeps private, is touched by modules/ssl/openssl/ alone. The other
walls are in setup.cfg, under [importlinter].
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import prefork_ssl

PACKAGE = Path(prefork_ssl.__file__).parent
ALLOWED = PACKAGE / "modules/ssl/openssl"

# The modules that are the binding or carry it, and the names under which pyOpenSSL's own modules hold it.
BINDING_MODULES = ("OpenSSL._util", "cryptography.hazmat.bindings", "_cffi_backend")
BINDING_NAMES = {"_util", "_lib", "_ffi"}


def binding_uses(source: str) -> list[int]:
    """The numbers of the lines that import or reach into the low-level binding."""
    return sorted(node.lineno for node in ast.walk(ast.parse(source)) if _uses_binding(node))


def _uses_binding(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in BINDING_NAMES
    return any(_is_binding(name) for name in _imported(node))


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_binding(name: str) -> bool:
    whole = any(name == module or name.startswith(f"{module}.") for module in BINDING_MODULES)
    return whole or (name.startswith("OpenSSL.") and name.rpartition(".")[2] in BINDING_NAMES)


@pytest.mark.parametrize(
    "source",
    [
        "from OpenSSL._util import lib",
        "from OpenSSL import _util",
        "import OpenSSL._util as util",
        "from OpenSSL.SSL import _lib",
        "from OpenSSL import SSL\nSSL._ffi.NULL",
        "import OpenSSL\nOpenSSL._util.lib",
        "def late():\n    from cryptography.hazmat.bindings._rust import _openssl",
    ],
)
def test_each_way_to_the_binding_is_seen(source: str) -> None:
    assert binding_uses(source)


def test_the_public_ways_are_not_mistaken_for_it() -> None:
    assert not binding_uses("from OpenSSL import SSL, crypto\nfrom cryptography import x509\nSSL.Context")


def test_only_one_room_touches_the_binding() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in PACKAGE.rglob("*.py")
        if not path.is_relative_to(ALLOWED)
        for line in binding_uses(path.read_text())
    }
    assert not found
