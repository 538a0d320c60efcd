"""Virtual hosts by address and name, as Apache's manual has them (vhosts/details.html)."""

from __future__ import annotations

import socket

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Configuration, Host, HostAddress
from prefork_ssl.kernel.directives import SERVER_ALIAS, SERVER_NAME
from prefork_ssl.kernel.dispatch.hosts import HostTable, NameTable, ServerName, check_hosts, parse_server_name


def host(name: str, *addresses: tuple[str, int], aliases: tuple[str, ...] = ()) -> Host:
    settings = Settings({SERVER_NAME: name, SERVER_ALIAS: aliases})
    return Host(settings, (), tuple(HostAddress(*address) for address in addresses))


def configuration(tmp_path, *hosts: Host) -> Configuration:
    return Configuration(host("main.example"), hosts, tmp_path)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (("192.0.2.1", 80), "exact"),
        (("192.0.2.1", 8080), "any port"),
        (("192.0.2.9", 80), "any address"),
        (("192.0.2.9", 81), "anything"),
        (("::ffff:192.0.2.1", 80), "exact"),
        (("2001:db8:0:0:0:0:0:1", 80), "six"),
        (("2001:db8::1%eth0", 80), "six"),
    ],
)
def test_the_most_specific_address_wins(tmp_path, local, expected):
    hosts = {
        "anything": host("a", ("*", 0)),
        "any address": host("b", ("*", 80)),
        "any port": host("c", ("192.0.2.1", 0)),
        "exact": host("d", ("192.0.2.1", 80)),
        "six": host("e", ("2001:db8::1", 80)),
    }
    table = HostTable(configuration(tmp_path, *hosts.values()))
    assert table.at(local).default is hosts[expected]


def test_without_a_virtual_host_the_main_server_answers(tmp_path):
    tree = configuration(tmp_path, host("a", ("192.0.2.1", 80)))
    names = HostTable(tree).at(("192.0.2.2", 80))
    assert names.find("a") is tree.server
    assert names.hosts == (tree.server,)


def test_hosts_of_a_less_specific_address_are_not_found_by_name(tmp_path):
    exact, everywhere = host("a", ("192.0.2.1", 80)), host("b", ("*", 80))
    names = HostTable(configuration(tmp_path, everywhere, exact)).at(("192.0.2.1", 80))
    assert names.find("b") is exact


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("one.example", 0),
        ("two.example", 1),
        ("x.wild.example", 1),
        ("deep.x.wild.example", 1),
        ("wild.example", 0),
        ("late.wild.example", 1),  # the wild card stands before the exact name
        ("early.wild.example", 0),  # the exact name stands before the wild card
        ("h1", 2),
        ("h10", 0),
        ("unknown", 0),
        ("", 0),
    ],
)
def test_names_in_the_order_of_the_text(name, expected):
    hosts = (
        host("one.example", aliases=("early.wild.example",)),
        host("two.example:443", aliases=("*.wild.example",)),
        host("https://three.example", aliases=("h?", "late.wild.example")),
    )
    assert NameTable(hosts).find(name) is hosts[expected]


def test_memory_of_names_is_bounded():
    names = NameTable((host("a", aliases=("*",)),))
    for number in range(5000):
        names.find(f"n{number}")
    assert len(names._found) <= 1024


def test_what_is_too_long_for_a_name_is_not_remembered():
    default, wild = host("a.test"), host("b.test", aliases=("*.b.test",))
    names = NameTable([default, wild])
    assert names.find(f"{'x' * 60_000}.b.test") is default
    assert not names._found
    assert names.find(f"{'x' * 240}.b.test") is wild


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www.Example.com", ("", "www.example.com", None)),
        ("https://www.example.com:8443", ("https", "www.example.com", 8443)),
        ("[2001:db8::1]:443", ("", "2001:db8::1", 443)),
    ],
)
def test_server_names(text, expected):
    name = parse_server_name(text)
    assert (name.scheme, name.name, name.port) == expected


def test_a_scheme_alone_is_of_the_machines_name():
    assert parse_server_name("https://") == ServerName("https", socket.gethostname().lower(), None)


@pytest.mark.parametrize("text", ["ftp://a", "a/b", "a:b", "a:99999", "user@a", ":80", "[::1"])
def test_wrong_server_names_are_reported(tmp_path, text):
    problems = []
    check_hosts(configuration(tmp_path, host(text)), problems.append)
    assert [str(problem).partition(":")[0] for problem in problems] == ["ServerName"]
