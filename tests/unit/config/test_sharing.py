"""Virtual hosts that have not changed are the same objects in the next reading."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from unit.config.sample import LIMIT, read

TEXT = """\
Limit 5
<VirtualHost *:80>
ServerName one
<Location "/a">
Limit 7
</Location>
</VirtualHost>
<VirtualHost *:80>
ServerName two
Types html text/html
</VirtualHost>
"""


def test_what_has_not_changed_is_shared(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT), read(tmp_path, TEXT)
    assert second.hosts == first.hosts
    assert second.server is not first.server


@pytest.mark.parametrize(
    ("old", "new", "shared"),
    [
        ("text/html", "text/plain", [True, False]),
        ("Limit 7", "Limit 8", [False, True]),
        ('"/a"', '"/b"', [False, True]),
        ("*:80>\nServerName two", "*:81>\nServerName two", [True, False]),
    ],
)
def test_what_has_changed_is_not(tmp_path: Path, old: str, new: str, shared: list[bool]) -> None:
    first, second = read(tmp_path, TEXT), read(tmp_path, TEXT.replace(old, new))
    assert [one is other for one, other in zip(first.hosts, second.hosts, strict=True)] == shared


def test_what_is_inherited_counts(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT), read(tmp_path, TEXT.replace("Limit 5", "Limit 6"))
    assert not set(first.hosts) & set(second.hosts)
    assert second.hosts[0].settings[LIMIT] == 6


def test_another_place_counts_since_messages_name_it(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT), read(tmp_path, "\n" + TEXT)
    assert not set(first.hosts) & set(second.hosts)


def test_a_file_that_is_included_twice_gives_two_hosts(tmp_path: Path) -> None:
    (tmp_path / "host.conf").write_text("<VirtualHost *:80>\nServerName one\n</VirtualHost>\n")
    text = "Include host.conf\nInclude host.conf\n"
    for _ in range(3):
        one, other = read(tmp_path, text).hosts
        assert one is not other


def test_nothing_is_kept_that_is_not_in_use(tmp_path: Path) -> None:
    kept = [weakref.ref(host) for host in read(tmp_path, TEXT).hosts]
    gc.collect()
    assert [ref() for ref in kept] == [None, None]
