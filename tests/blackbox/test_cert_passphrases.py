"""prefork-ssl-cert: pass phrases come from the terminal, a variable, a descriptor or a program, never from argv."""

import re
import shlex
import stat
from pathlib import Path

import pexpect
import pytest
from blackbox.desk import PROGRAM, Desk

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


WAYS = {
    "environment": ("--passphrase-env PHRASE", ""),
    "descriptor": ("--passphrase-fd 0", "opén sesame\n"),
    "descriptor without a newline": ("--passphrase-fd 0", "opén sesame"),
    "descriptor with a DOS line": ("--passphrase-fd 0", "opén sesame\r\nmore\n"),
    "program": ("--passphrase-exec \"printf 'opén sesame\\nmore'\"", ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_give_a_pass_phrase(desk: Desk, way: str) -> None:
    options, given = WAYS[way]
    desk.variables["PHRASE"] = "opén sesame"
    desk.cert(f"key --out a.key {options}", given)
    assert "BEGIN ENCRYPTED PRIVATE KEY" in (desk / "a.key").read_text()
    desk.openssl("pkey -in a.key -noout -passin env:PHRASE")
    desk.openssl("pkey -in a.key -noout -passin pass:else", status=1)
    desk.cert(f"passphrase --key a.key --out b.key --remove {options}", given)
    desk.openssl("pkey -in b.key -noout")


def test_change_and_remove_a_pass_phrase(desk: Desk) -> None:
    desk.variables |= {"OLD": "first", "NEW": "second"}
    desk.cert("key --out a.key --passphrase-env OLD")
    public = desk.openssl("pkey -in a.key -passin env:OLD -pubout")
    desk.cert("passphrase --key a.key --out b.key --passphrase-env OLD --new-passphrase-env NEW")
    assert desk.openssl("pkey -in b.key -passin env:NEW -pubout") == public
    desk.openssl("pkey -in b.key -passin env:OLD -pubout", status=1)
    desk.cert("passphrase --key b.key --out b.key --force --passphrase-env NEW --remove")
    assert desk.openssl("pkey -in b.key -pubout") == public
    assert stat.S_IMODE((desk / "b.key").stat().st_mode) == 0o600


def test_both_pass_phrases_from_one_descriptor(desk: Desk) -> None:
    desk.cert("key --out a.key --passphrase-fd 0", "first\n")
    desk.cert("passphrase --key a.key --out b.key --passphrase-fd 0 --new-passphrase-fd 0", "first\nsecond\n")
    desk.openssl("pkey -in b.key -noout -passin pass:second")


@pytest.mark.parametrize("cipher", ["des3", "aes256"])
@pytest.mark.parametrize("form", ["-traditional", ""])
def test_keys_that_openssl_encrypted(desk: Desk, cipher: str, form: str) -> None:
    desk.openssl("genrsa -out plain.key 2048")
    desk.openssl(f"rsa -in plain.key -out a.key -{cipher} {form} -passout pass:first")
    desk.cert("passphrase --key a.key --out b.key --passphrase-fd 0 --remove", "first\n")
    assert desk.openssl("pkey -in b.key -pubout") == desk.openssl("pkey -in plain.key -pubout")


BAD_PHRASES = {
    "key --out b.key --passphrase-env MISSING": (
        "the environment variable MISSING with the pass phrase is not set"
    ),
    "key --out b.key --passphrase-env EMPTY": "the pass phrase is empty",
    "key --out b.key --passphrase-env LONG": "the pass phrase is longer than 1023 bytes",
    "key --out b.key --passphrase-fd 0": "the pass phrase is empty",
    "key --out b.key --passphrase-fd 77": "cannot read the pass phrase from descriptor 77: Bad file descriptor",
    "key --out b.key": "b.key needs a pass phrase and there is no terminal: see the pass phrase options of --help",
    "match --key a.key --cert a.crt --passphrase-env WRONG": "wrong pass phrase for a.key",
    "passphrase --key a.key --out b.key --remove --passphrase-env WRONG": "wrong pass phrase for a.key",
    "passphrase --key a.key --out b.key --passphrase-env RIGHT --new-passphrase-env EMPTY": (
        "the pass phrase is empty"
    ),
}


@pytest.mark.parametrize("line", BAD_PHRASES)
def test_bad_phrases(desk: Desk, line: str) -> None:
    desk.variables |= {"EMPTY": "", "LONG": "x" * 1024, "WRONG": "other", "RIGHT": "first"}
    desk.cert("key --out a.key --passphrase-env RIGHT")
    desk.cert("ca --cert a.crt --key a.key --subject /CN=a --passphrase-env RIGHT")
    assert desk.refused(line) == BAD_PHRASES[line]


PROGRAMS = {
    "false": "the pass phrase program failed with status 1",
    "sh -c 'kill -9 $$'": "the pass phrase program failed with status -9",
    "/no/such/program": "the pass phrase program cannot be run: No such file or directory",
    "'unbalanced": "the pass phrase program cannot be run: No closing quotation",
    "": "the pass phrase program has no name",
    "true": "the pass phrase is empty",
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_that_fail(desk: Desk, program: str) -> None:
    assert desk.refused(f"key --out a.key --passphrase-exec {shlex.quote(program)}") == PROGRAMS[program]


def _terminal(desk: Desk, line: str) -> pexpect.spawn:
    return pexpect.spawn(str(PROGRAM), shlex.split(line), cwd=str(desk.folder), timeout=10, encoding="utf-8")


def test_the_terminal_asks_twice_for_a_new_phrase_without_echo(desk: Desk) -> None:
    person = _terminal(desk, "key --out a.key")
    person.expect_exact("New pass phrase of a.key: ")
    person.waitnoecho()
    person.sendline("sésame")
    person.expect_exact("The same again: ")
    person.sendline("sésame")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
    assert "same" not in re.sub("The same again", "", str(person.before))
    desk.openssl("pkey -in a.key -noout -passin pass:sésame")
    person = _terminal(desk, "passphrase --key a.key --out b.key --remove")
    person.expect_exact("Pass phrase of a.key: ")
    person.sendline("sésame")
    person.expect(pexpect.EOF)
    desk.openssl("pkey -in b.key -noout")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (["one", "two"], "the two pass phrases differ"),
        ([""], "the pass phrase is empty"),
        (["\x04"], "no pass phrase was given"),
        (["\x03"], "interrupted"),
    ],
)
def test_bad_answers_on_the_terminal(desk: Desk, answers: list[str], reason: str) -> None:
    person = _terminal(desk, "key --out a.key")
    for answer in answers:
        person.expect("(phrase of a.key|again): ")
        person.waitnoecho()
        person.send(answer if answer in ("\x03", "\x04") else answer + "\n")
    person.expect_exact(f"prefork-ssl-cert: {reason}")
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 1
    assert not (desk / "a.key").exists()
