"""What is said of lines for Apache that have no effect here, and that all of it is consistent with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import ConfigError
from prefork_ssl.kernel.apache.modules import BUILT_IN, DISPENSABLE, MODULE_REMEDIES, NAMES_ONLY
from prefork_ssl.kernel.apache.remarks import remarks
from prefork_ssl.kernel.apache.remedies import REMEDIES
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.generation import load_order
from prefork_ssl.kernel.loader import Loader


def read(folder: Path, text: str):
    """The configuration that `text` is, and the names of its modules as their hooks run."""
    (folder / "a.conf").write_text(text)
    loader = Loader()
    configuration = read_configuration(
        folder / "a.conf", server_root=folder, core=CORE_DIRECTIVES, modules=loader, defines={}
    )
    return configuration, [module.name for module in load_order(configuration, loader)]


def said(folder: Path, text: str) -> list[str]:
    configuration, _ = read(folder, text)
    return [line.removeprefix(f"{folder}/") for line in remarks(configuration)]


@pytest.mark.parametrize(
    "text",
    [
        "HostnameLookups off",
        "Protocols HTTP/1.1",
        "TraceEnable Off",
        "ServerSignature off",
        "UseCanonicalName Off",
        "AllowEncodedSlashes off",
        "FileETag MTime Size",
        "HttpProtocolOptions Strict LenientMethods Allow0.9",
        "EnableSendfile on\nEnableMMAP off\nMutex file:/run default\nAcceptFilter http none\nMaxRanges 5",
        "<Directory />\nAllowOverride none\nAllowOverrideList None\n</Directory>",
        "AddHandler type-map var",
        "LoadModule ssl_module\nSSLRandomSeed startup builtin\nSSLFIPS off\nSSLCryptoDevice builtin",
        "LoadModule ssl_module\nSSLCompression off",
        "LoadModule mpm_event_module modules/mod_mpm_event.so\nLoadModule unixd_module modules/mod_unixd.so",
    ],
)
def test_nothing_where_it_makes_no_difference(tmp_path: Path, text: str):
    assert said(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HostnameLookups Double", "HostnameLookups: names of clients are not looked up; %h is the address"),
        ("Protocols h2 http/1.1", "Protocols: HTTP/1.1 is spoken, with all clients"),
        ("TraceEnable on", "TraceEnable: TRACE is answered 405"),
        (
            "AllowEncodedSlashes NoDecode",
            "AllowEncodedSlashes: a URL with an encoded slash (%2F) is answered 404",
        ),
        ("FileETag None", "FileETag: ETags are made of inode, size and time of modification"),
        ("LoadModule ssl_module\nSSLCompression on", "SSLCompression: TLS is never compressed (CRIME)"),
    ],
)
def test_what_holds_instead(tmp_path: Path, text: str, expected: str):
    line = len(text.splitlines())
    assert said(tmp_path, text) == [f"a.conf:{line}: no effect: {expected}"]


def test_each_reason_is_told_once(tmp_path: Path):
    text = (
        "MaxRequestWorkers 5\nServerLimit 5\n"
        "<VirtualHost *:80>\nHostnameLookups on\n</VirtualHost>\n"
        "<VirtualHost *:81>\nHostnameLookups on\n<Location /x>\nHostnameLookups on\n</Location>\n</VirtualHost>\n"
    )
    assert said(tmp_path, text) == [
        "a.conf:1: no effect: MaxRequestWorkers, ServerLimit: StartServers is how many workers there are, "
        "and WorkerConnections how many clients each can have",
        "a.conf:4: no effect: HostnameLookups (and 2 lines more): names of clients are not looked up; "
        "%h is the address",
    ]


def test_a_module_that_is_done_without(tmp_path: Path):
    text = "LoadModule http2_module\n<IfModule mod_http2.c>\nH2Push on\n</IfModule>\nLoadModule http2_module"
    assert said(tmp_path, text) == [
        "a.conf:1: LoadModule http2_module is passed over: HTTP/1.1 is spoken, with all clients"
    ]


def test_what_a_module_only_by_name_would_do_is_read_and_refused(tmp_path: Path):
    text = (
        "LoadModule remoteip_module x\n<IfModule mod_remoteip.c>\nRemoteIPHeader X-Forwarded-For\n</IfModule>"
    )
    with pytest.raises(
        ConfigError, match=r"a.conf:3: there is no directive RemoteIPHeader here \(the client is"
    ):
        read(tmp_path, text)


def test_apaches_names_load_the_modules_that_do_their_work(tmp_path: Path):
    text = "LoadModule mime_module modules/mod_mime.so\nLoadModule dir_module x\nLoadModule authz_host_module x\n"
    configuration, names = read(tmp_path, text + "<IfModule files_module>\nAddType text/x .x\n</IfModule>")
    assert configuration.modules == (
        "mime_module",
        "files_module",
        "dir_module",
        "authz_host_module",
        "authz_module",
    )
    assert len(names) == 5


def test_requests_per_child_are_connections(tmp_path: Path):
    with pytest.raises(ConfigError, match="MaxRequestsPerChild: must be a whole number"):
        read(tmp_path, "MaxRequestsPerChild many")


def test_the_tables_speak_of_what_is_not_there():
    loader = Loader()
    directives = {name.lower() for name in loader.known_directives()}
    directives |= {directive.name.lower() for directive in CORE_DIRECTIVES}
    assert not directives & REMEDIES.keys()
    assert len(directives) == len(loader.known_directives()) + len(CORE_DIRECTIVES)
    names = [*loader.known_names, *BUILT_IN, *NAMES_ONLY, *DISPENSABLE, *MODULE_REMEDIES]
    assert len(names) == len(set(names))
