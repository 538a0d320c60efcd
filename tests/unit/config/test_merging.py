"""How values combine: lines of one scope, hosts over the main server, and the order in which sections merge."""

from __future__ import annotations

import pytest
from unit.config.sample import ALIAS, DENY, LIMIT, LISTEN, NAME, REDIRECT, TYPES, read

from prefork_ssl.config.errors import Origin
from prefork_ssl.config.tree import HostAddress, SectionKind


def names(sections):
    return [section.name for section in sections]


def test_lines_of_one_scope(tmp_path):
    text = "ServerName a\nListen 1 2\nTypes a 1\nServerName b\nListen 3\nTypes b 2\nTypes a 3"
    settings = read(tmp_path, text).server.settings
    assert settings[NAME] == "b"
    assert settings[LISTEN] == ("1", "2", "3")
    assert settings[TYPES] == {"a": "3", "b": "2"}
    assert settings.origin(NAME) == Origin(str(tmp_path / "server.conf"), 4)


def test_what_is_not_given_is_the_default(tmp_path):
    settings = read(tmp_path, "Limit 5").server.settings
    assert (settings[LIMIT], settings[DENY], LIMIT in settings, DENY in settings) == (5, False, True, False)
    assert settings.origin(DENY) is None


def test_hosts_merge_over_the_main_server_whatever_comes_first(tmp_path):
    text = """
        <VirtualHost *:80>
            ServerName a
            ServerAlias a.example
            ServerAlias b.example
            Redirect /a 1
            Redirect /b 2
            Types x host
        </VirtualHost>
        Limit 7
        Redirect /c 3
        Types x main
        Types y main
        <VirtualHost *:80>
            Limit 9
        </VirtualHost>"""
    configuration = read(tmp_path, text)
    first, second = (host.settings for host in configuration.hosts)
    assert first[LIMIT] == 7
    assert first[ALIAS] == ("a.example", "b.example")
    assert first[REDIRECT] == (("/a", "1"), ("/b", "2"), ("/c", "3"))
    assert first[TYPES] == {"x": "host", "y": "main"}
    assert second[LIMIT] == 9
    assert second[REDIRECT] == (("/c", "3"),)
    assert second[NAME] == ""
    assert first.origin(LIMIT) == Origin(str(tmp_path / "server.conf"), 10)
    assert [host.origin.line for host in configuration.hosts] == [2, 14]
    assert configuration.server.settings[TYPES] == {"x": "main", "y": "main"}
    assert configuration.all_hosts == (configuration.server, *configuration.hosts)


def test_sections_merge_in_apaches_order(tmp_path):
    text = """
        <Location /z>
        </Location>
        <FilesMatch z>
        </FilesMatch>
        <Directory /a/b/c>
        </Directory>
        <Directory /a-longer-name/b>
        </Directory>
        <VirtualHost *>
            <Location /y>
            </Location>
            <Directory /a/*>
            </Directory>
            <Files y>
            </Files>
            <Directory ~ y>
            </Directory>
        </VirtualHost>
        <LocationMatch a>
        </LocationMatch>
        <DirectoryMatch /x>
        </DirectoryMatch>
        <Files a>
        </Files>
        <Directory />
        </Directory>
        <Directory /a/a/>
        </Directory>"""
    configuration = read(tmp_path, text)
    assert names(configuration.server.sections) == [
        "/",
        "/a-longer-name/b",
        "/a/a/",
        "/a/b/c",
        "/x",
        "z",
        "a",
        "/z",
        "a",
    ]
    sections = configuration.hosts[0].sections
    assert names(sections) == [
        "/",
        "/a-longer-name/b",
        "/a/a/",
        "/a/*",
        "/a/b/c",
        "/x",
        "y",
        "z",
        "a",
        "y",
        "/z",
        "a",
        "/y",
    ]
    assert [section.kind for section in sections[4:7]] == [
        SectionKind.DIRECTORY,
        SectionKind.DIRECTORY_MATCH,
        SectionKind.DIRECTORY_MATCH,
    ]


def test_a_section_has_its_own_settings_and_its_files(tmp_path):
    text = """
        Limit 1
        <Directory /a>
            Limit 2
            <Files x>
                Deny on
            </Files>
            Types a b
            <FilesMatch y>
                Limit 3
            </FilesMatch>
        </Directory>"""
    (section,) = read(tmp_path, text).server.sections
    assert section.settings[LIMIT] == 2
    assert section.settings[TYPES] == {"a": "b"}
    assert DENY not in section.settings
    assert section.origin == Origin(str(tmp_path / "server.conf"), 3)
    assert names(section.files) == ["x", "y"]
    assert section.files[0].kind is SectionKind.FILES
    assert section.files[0].settings[DENY]
    assert LIMIT not in section.files[0].settings
    assert section.files[1].settings[LIMIT] == 3


def test_two_sections_for_one_directory_stay_two(tmp_path):
    text = "<Directory /a>\nLimit 1\n</Directory>\n<Directory /a/>\nLimit 2\n</Directory>"
    sections = read(tmp_path, text).server.sections
    assert [section.settings[LIMIT] for section in sections] == [1, 2]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("*", [("*", 0)]),
        ("*:80", [("*", 80)]),
        ("*:*", [("*", 0)]),
        ("_default_:443", [("*", 443)]),
        ("_DEFAULT_", [("*", 0)]),
        ("0.0.0.0:80", [("*", 80)]),
        ("[::]:80", [("*", 80)]),
        ("192.0.2.1", [("192.0.2.1", 0)]),
        ("192.0.2.1:8080 [2001:DB8::0:1]:443 *:80", [("192.0.2.1", 8080), ("2001:db8::1", 443), ("*", 80)]),
        ("[fe80::1%eth0]", [("fe80::1%eth0", 0)]),
        ("*:80 *:80", [("*", 80)]),
    ],
)
def test_addresses_of_virtual_hosts(tmp_path, argument, expected):
    (host,) = read(tmp_path, f"<VirtualHost {argument}>\n</VirtualHost>").hosts
    assert host.addresses == tuple(HostAddress(*address) for address in expected)
