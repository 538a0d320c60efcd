"""Fixtures: certificates for the session, and servers that end with their tests and show their logs if one failed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from blackbox.authority import Authority, Pair, ec_key, rsa_key
from blackbox.client_certificates import Wallet
from blackbox.server import Server

ServerFactory = Callable[..., Server]

_live: list[Server] = []


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that clients trust."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def rsa_pair(authority: Authority) -> Pair:
    """An RSA certificate for rsa.test, www.rsa.test, localhost and 127.0.0.1."""
    return authority.issue("rsa", ["rsa.test", "www.rsa.test", "localhost", "127.0.0.1"], rsa_key())


@pytest.fixture(scope="session")
def ecdsa_pair(authority: Authority) -> Pair:
    """An ECDSA certificate for ecdsa.test, localhost and 127.0.0.1."""
    return authority.issue("ecdsa", ["ecdsa.test", "localhost", "127.0.0.1"], ec_key())


@pytest.fixture(scope="session")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Wallet:
    """Certificates of clients, and their CAs."""
    return Wallet(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def certificate_words(authority: Authority, rsa_pair: Pair, ecdsa_pair: Pair) -> dict[str, Path]:
    """@authority, @rsa_cert, @rsa_key, @ecdsa_cert and @ecdsa_key for configurations."""
    return {
        "authority": authority.cert,
        "rsa_cert": rsa_pair.cert,
        "rsa_key": rsa_pair.key,
        "ecdsa_cert": ecdsa_pair.cert,
        "ecdsa_key": ecdsa_pair.key,
    }


@pytest.fixture
def new_server(certificate_words: dict[str, Path]) -> Iterator[ServerFactory]:
    """new_server(configuration, word=value...): a server that is not started yet, and ends with the test."""
    with _servers(certificate_words) as factory:
        yield factory


@pytest.fixture(scope="module")
def new_module_server(certificate_words: dict[str, Path]) -> Iterator[ServerFactory]:
    """As new_server, for servers that all tests of a file share: tests that only look."""
    with _servers(certificate_words) as factory:
        yield factory


@contextmanager
def _servers(certificate_words: dict[str, Path]) -> Iterator[ServerFactory]:
    # Not tmp_path: that is only for the user who runs the tests, and a worker may be another.
    with tempfile.TemporaryDirectory(prefix="prefork_ssl-test-") as top, ExitStack() as ending:
        Path(top).chmod(0o755)

        def new(configuration: str, **words: object) -> Server:
            root = Path(tempfile.mkdtemp(dir=top))
            root.chmod(0o755)
            server = Server(root, configuration, {**certificate_words, **words})
            ending.callback(_live.remove, server)
            ending.callback(server.end)
            _live.append(server)
            return server

        yield new


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Add to the report of a failed test what its servers had to say."""
    report = yield
    if report.failed:
        for server in _live:
            report.sections.extend(server.report())
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program...): the test runs these programs")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """@pytest.mark.needs("curl"): skip where the program is missing; where nothing may be missing (CI), fail."""
    for mark in item.iter_markers("needs"):
        missing = [program for program in mark.args if shutil.which(program) is None]
        if missing and os.environ.get("CI") == "true":
            pytest.fail(f"CI lacks {', '.join(missing)}", pytrace=False)
        elif missing:
            pytest.skip(f"needs {', '.join(missing)}")
