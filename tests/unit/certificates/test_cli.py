"""The program: its help, and how errors come out."""

import argparse
import shlex

import pytest

from prefork_ssl.certificates import cli
from prefork_ssl.certificates.commands import ALL
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.name)
def test_each_command_explains_itself_by_an_example_that_works(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command.name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"prefork-ssl-cert {command.name} {command.example}" in text
    # The example is a call that argparse accepts.
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_options(parser)
    parser.parse_args(shlex.split(command.example))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "required: COMMAND"),
        ("frobnicate", "invalid choice: 'frobnicate'"),
        ("key --no-passphrase", "required: --out"),
        ("key --out a --passphrase secret", "unrecognized arguments: --passphrase"),
        ("key --out a --passphrase-fd x", "'x' is not the number of a file descriptor"),
        ("key --out a --no-passphrase --passphrase-env A", "not allowed with argument --no-passphrase"),
        ("dummy --cert a --key b --host c --days 0", "'0' is not a whole number above zero"),
        ("revoke --ca-cert a --serial xyz", "'xyz' is not a hexadecimal number"),
        ("revoke --ca-cert a", "one of the arguments --cert --serial is required"),
        ("check a --define =b", "a name is missing before the ="),
    ],
)
def test_wrong_usage(line: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(shlex.split(line))
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CertificateError("why\nnot\x1b[31m"), "why not\\x1B[31m"),
        (FileNotFoundError(2, "No such file or directory", "a.key"), "a.key: No such file or directory"),
        (OSError("odd"), "odd"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_an_error_is_one_line(
    error: BaseException, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_args: argparse.Namespace) -> None:
        raise error

    failing = Command("fail", "fail always", "", lambda _parser: None, run)
    monkeypatch.setattr(cli, "ALL", (failing,))
    assert cli.main(["fail"]) == 1
    assert capsys.readouterr().err == f"prefork-ssl-cert: {line}\n"
