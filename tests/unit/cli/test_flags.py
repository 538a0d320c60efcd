"""The command line."""

from pathlib import Path

import pytest

from prefork_ssl.cli.flags import ACTIONS, Flags, UsageError, parse
from prefork_ssl.kernel.log.levels import Level


def test_without_a_word_the_server_starts() -> None:
    flags = parse([])
    assert (flags.action, flags.show, flags.foreground, flags.one_process) == ("start", "", False, False)
    assert flags.file == Path("/etc/prefork_ssl/prefork_ssl.conf")


def test_paths_begin_where_httpd_has_them_begin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse(["-d", "root", "-f", "conf/a.conf"]).file == tmp_path / "root/conf/a.conf"
    assert parse(["-d", "root", "-f", "/a.conf"]).file == Path("/a.conf")
    assert parse(["-E", "log"]).error_file == tmp_path / "log"


def test_lines_before_and_after_and_names() -> None:
    flags = parse(["-C", "A 1", "-c", "B", "-C", "A 2", "-D", "X", "-DPORT=8080", "-D", "Y=a=b"])
    assert (flags.before, flags.after) == (["A 1", "A 2"], ["B"])
    assert flags.defines == {"X": "", "PORT": "8080", "Y": "a=b"}


@pytest.mark.parametrize("action", ACTIONS)
def test_actions(action: str) -> None:
    assert parse(["-k", action]).action == action


@pytest.mark.parametrize(
    ("name", "foreground", "one"),
    [
        ("FOREGROUND", True, False),
        ("NO_DETACH", True, False),
        ("ONE_PROCESS", False, True),
        ("DEBUG", False, True),
    ],
)
def test_names_that_mean_something(name: str, foreground: bool, one: bool) -> None:
    flags = parse(["-D", name])
    assert (flags.foreground, flags.one_process) == (foreground, one)


def test_document_roots_are_checked_unless_told_otherwise() -> None:
    assert not parse([]).any_document_root
    assert parse(["-T", "-t"]).any_document_root


def test_what_is_shown() -> None:
    def shown(*words: str) -> tuple[str, set[str]]:
        flags = parse(list(words))
        return flags.show, set(flags.defines)

    assert shown("-t") == ("t", set())
    assert shown("-S") == ("t", {"DUMP_VHOSTS", "DUMP_RUN_CFG"})
    assert shown("-M") == ("t", {"DUMP_MODULES"})
    assert shown("-t", "-D", "DUMP_CERTS") == ("t", {"DUMP_CERTS"})
    assert [parse([f"-{flag}"]).show for flag in "vVLlh?"] == ["v", "V", "L", "l", "h", "h"]


def test_levels() -> None:
    assert parse(["-e", "Debug"]).level is Level.DEBUG


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-z"], "option -z not recognized"),
        (["start"], "'start' is not a flag"),
        (["-k", "reload"], "-k takes start, stop"),
        (["-k"], "option -k requires argument"),
        (["-e", "loud"], "-e takes a level: emerg"),
        (["-D", "=x"], "-D needs a name"),
    ],
)
def test_what_makes_no_sense(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(words)


def test_flags_are_not_shared() -> None:
    parse(["-D", "X"])
    assert Flags().defines == {}
