"""The shipped configuration: right as it is, and what -D makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.tree import Configuration, HostAddress
from prefork_ssl.kernel.directives import CORE_DIRECTIVES, DOCUMENT_ROOT, LISTEN
from prefork_ssl.kernel.generation import check_configuration, load_order
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.modules.files.mime import parse_types_config

SHIPPED = Path(__file__).parents[2] / "conf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ServerRoot with a copy of the shipped files, and what stands in the place of certificate and key."""
    shutil.copytree(SHIPPED, tmp_path / "conf", ignore=shutil.ignore_patterns("*.crt", "*.key"))
    (tmp_path / "conf/ssl.crt").mkdir(exist_ok=True)
    (tmp_path / "conf/ssl.key").mkdir(exist_ok=True)
    (tmp_path / "conf/ssl.crt/server.crt").write_text("certificate")
    (tmp_path / "conf/ssl.key/server.key").write_text("key")
    return tmp_path


def read(root: Path, **defines: str) -> Configuration:
    loader = Loader()
    configuration = read_configuration(
        root / "conf/prefork_ssl.conf",
        server_root=root,
        core=CORE_DIRECTIVES,
        modules=loader,
        defines=defines,
    )
    check_configuration(configuration, load_order(configuration, loader))
    return configuration


@pytest.mark.parametrize(
    ("defines", "http", "https"),
    [
        ({}, 8080, 8443),
        ({"PRIVILEGED_PORTS": ""}, 80, 443),
        ({"HTTP_PORT": "1234", "HTTPS_PORT": "5678"}, 1234, 5678),
    ],
)
def test_the_ports(root: Path, defines: dict[str, str], http: int, https: int) -> None:
    configuration = read(root, **defines)
    listens = configuration.server.settings[LISTEN]
    assert [(listen.port, listen.protocol) for listen in listens] == [(http, "http"), (https, "https")]
    assert [host.addresses for host in configuration.hosts] == [(HostAddress("*", https),)]


def test_another_folder_takes_the_place_of_the_welcome_page(root: Path) -> None:
    own, given = read(root), read(root, DOCUMENT_ROOT=str(root / "conf"))
    assert own.server.settings[DOCUMENT_ROOT] == root / "conf/htdocs"
    assert len(own.server.sections) == 1
    assert given.server.settings[DOCUMENT_ROOT] == root / "conf"
    assert given.server.sections == ()


def test_each_extension_has_one_type() -> None:
    lines = [line.split() for line in (SHIPPED / "mime.types").read_text("ascii").splitlines()]
    words = [words for words in lines if words and not words[0].startswith("#")]
    extensions = [extension for _, *extensions in words for extension in extensions]
    assert len(extensions) == len(set(extensions))
    assert len({media_type for media_type, *_ in words}) == len(words)
    types = parse_types_config("mime.types", Place(Origin("a.conf", 1), SHIPPED))
    assert len(types) == len(extensions)
    assert types["html"] == "text/html"
    assert types["js"] == types["mjs"] == "text/javascript"
