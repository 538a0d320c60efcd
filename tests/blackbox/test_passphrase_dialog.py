"""The pass phrase dialog on a real terminal, and without one.

A small program loads keys as the master does at start, tells what came of it, and stays for a while to be looked at.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest
from blackbox.authority import Authority, ec_key
from blackbox.until import until
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

Child = pexpect.spawn
Start = Callable[..., Child]

PROGRAM = """
import sys, time
from pathlib import Path
from prefork_ssl.modules.ssl.keys.findings import KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import KeySource, KeyStore
from prefork_ssl.modules.ssl.passphrase.means import Occasion, PassPhraseDialog, parse_means

means, reuse, pauses, *stems = sys.argv[1:]

def pause(seconds):
    print(f"pause of {seconds:g} s", flush=True)
    time.sleep(seconds if pauses == "pauses" else 0)

dialog = PassPhraseDialog(parse_means([means], Path("/")), reuse=reuse == "reuse", sleep=pause)
sources = [
    KeySource(
        Path(f"{stem}.crt"), Path(f"{stem}.key"), None,
        f"{Path(stem).name}.test:443", f"ssl.conf:{n}1", f"ssl.conf:{n}2",
    )
    for n, stem in enumerate(stems, 1)
]
store = KeyStore()

def load(occasion):
    try:
        loaded = store.load(sources, dialog, occasion)
    except KeyMaterialError as error:
        print(f"refused: {error}", flush=True)
        return False
    loaded.commit()
    print(f"loaded {len(loaded.materials)}, {len(loaded.unopened)} unopened", *loaded.findings, sep="\\n", flush=True)
    return True

if not load(Occasion.CHECK if reuse == "check" else Occasion.START):
    sys.exit(1)
while sys.stdin.readline() == "reload\\n":
    load(Occasion.RELOAD)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates one, two and three, whose keys have the pass phrases "geheim", "geheim" and "anders"."""
    folder = tmp_path_factory.mktemp("encrypted")
    authority = Authority(folder)
    for stem, phrase in (("one", b"geheim"), ("two", b"geheim"), ("three", b"anders")):
        key = ec_key()
        pair = authority.issue(stem, [f"{stem}.test"], key)
        pair.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase))
        )
    return folder


def command(
    folder: Path, *stems: str, means: str = "builtin", reuse: str = "reuse", pauses: str = "none"
) -> list[str]:
    return [sys.executable, "-c", PROGRAM, means, reuse, pauses, *(str(folder / stem) for stem in stems)]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """start(stem...): the program on a terminal of its own."""
    children: list[Child] = []

    def start_program(*stems: str, **options: str) -> Child:
        program, *arguments = command(folder, *stems, **options)
        child = pexpect.spawn(program, arguments, encoding="utf-8", timeout=10)
        children.append(child)
        return child

    yield start_program
    for child in children:
        child.close(force=True)


def finish(child: Child) -> str:
    """All that the program still says; its exit status is then known."""
    child.expect(pexpect.EOF)
    child.close()
    return str(child.before)


def prompted(child: Child) -> str:
    """Wait for a prompt; return what came before it."""
    child.expect("Enter pass phrase:")
    return str(child.before)


def test_wrong_once_then_right_is_two_questions_for_two_hosts(start: Start) -> None:
    child = start("one", "two")
    header = prompted(child)
    assert "(Pass Phrase Dialog)" in header
    assert re.search(r"Server one\.test:443 \(EC key, /\S+/one\.key\)\r\n$", header)
    child.sendline("wrong one")
    assert prompted(child) == "\r\nError: pass phrase incorrect (5 more attempts).\r\n"
    child.sendline("geheim")
    child.expect("OK: Pass Phrase Dialog successful.\r\nloaded 2, 0 unopened")
    assert "geheim" not in child.before
    child.sendeof()
    assert "phrase" not in finish(child)
    assert child.exitstatus == 0


def test_each_new_phrase_is_asked_for_and_the_header_comes_once(start: Start) -> None:
    child = start("one", "three", "two")
    prompted(child)
    child.sendline("geheim")
    assert re.search(
        r"OK: .*\s+Server three\.test:443 \(EC key, /\S+/three\.key\)\r\n$", second := prompted(child)
    )
    assert "(Pass Phrase Dialog)" not in second
    child.sendline("anders")
    child.expect("loaded 3")


def test_six_wrong_phrases_end_it_after_growing_pauses(start: Start) -> None:
    child = start("one", "three")
    for attempt in range(6):
        prompted(child)
        child.sendline(f"wrong {attempt}")
    said = finish(child)
    assert "(0 more attempts)" in said
    assert "**Stopped" in said
    assert re.search(
        r"refused: ssl.conf:12: SSLCertificateKeyFile: none of the 6 pass phrases given opens", said
    )
    assert child.exitstatus == 1


def test_pauses_come_after_the_third_fourth_and_fifth_failure(start: Start) -> None:
    child = start("one")
    pauses = []
    for _ in range(6):
        pauses += re.findall(r"pause of (\d+) s", prompted(child))
        child.sendline("wrong")
    assert pauses + re.findall("pause", finish(child)) == ["5", "10", "15"]


def test_nothing_typed_is_a_complaint_and_no_attempt(start: Start) -> None:
    child = start("one")
    for _ in range(8):
        prompted(child)
        child.sendline("")
        child.expect("at least 1 character")
    prompted(child)
    child.sendline("wrong")
    assert "(5 more attempts)" in prompted(child)
    child.sendline("geheim")
    child.expect("loaded 1")


def press_ctrl_d(child: Child) -> None:
    child.sendeof()


def press_ctrl_c(child: Child) -> None:
    child.sendintr()


def terminate(child: Child) -> None:
    child.kill(signal.SIGTERM)


@pytest.mark.parametrize(
    ("end", "message"),
    [
        (press_ctrl_d, "the dialog ended without the pass phrase"),
        (press_ctrl_c, "interrupted while asking for the pass phrase"),
        (terminate, "interrupted while asking for the pass phrase"),
    ],
)
def test_leaving_the_dialog_is_one_line_and_leaves_the_terminal_as_it_was(
    start: Start, end: Callable[[Child], None], message: str
) -> None:
    child = start("one", "three")
    prompted(child)
    assert child.waitnoecho(timeout=5)
    end(child)
    child.expect(r"refused: [^\n]*\n")
    assert re.search(
        rf"ssl.conf:12: SSLCertificateKeyFile: {message} of the private key in .*one\.key \(", child.after
    )
    rest = finish(child)
    assert "Traceback" not in rest
    assert "three" not in rest
    assert child.exitstatus == 1


def test_ctrl_c_ends_a_pause(start: Start) -> None:
    child = start("one", pauses="pauses")
    for _ in range(3):
        prompted(child)
        child.sendline("wrong")
    child.expect("pause of 5 s")
    assert not child.getecho()
    child.sendintr()
    child.expect("refused: .*interrupted", timeout=3)


def test_echo_is_back_after_the_dialog(start: Start) -> None:
    child = start("one")
    prompted(child)
    child.sendline("geheim")
    child.expect("loaded 1")
    assert child.getecho()


def test_ctrl_z_is_an_ordinary_key_in_the_dialog(start: Start) -> None:
    """It would give the shell a terminal without echo."""
    child = start("one")
    prompted(child)
    assert child.waitnoecho(timeout=5)
    assert suspends(child) == b"\0"
    child.sendline("geheim")
    child.expect("loaded 1")
    assert suspends(child) == b"\x1a"


def suspends(child: Child) -> bytes:
    """The key that suspends programs on this terminal."""
    return bytes(termios.tcgetattr(child.child_fd)[6][termios.VSUSP])


def test_the_terminal_is_asked_even_when_the_streams_lead_elsewhere(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = f'"$0" "$@" < /dev/null > {output} 2>&1'
    child = pexpect.spawn("/bin/sh", ["-c", script, *command(folder, "one")], encoding="utf-8", timeout=10)
    prompted(child)
    child.sendline("geheim")
    child.expect("OK: Pass Phrase Dialog successful")
    finish(child)
    assert output.read_text() == "loaded 1, 0 unopened\n"


def test_a_reload_does_not_ask(start: Start, folder: Path, tmp_path: Path) -> None:
    for name in ("one.crt", "one.key"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    child = start(str(tmp_path / "one"))
    prompted(child)
    child.sendline("geheim")
    child.expect("loaded 1")
    (tmp_path / "one.key").write_bytes((folder / "three.key").read_bytes())
    child.sendline("reload")
    child.expect(
        r"refused: ssl.conf:12: SSLCertificateKeyFile: .* a reload does not ask \(set SSLPassPhraseDialog exec:"
    )
    (tmp_path / "one.key").write_bytes((folder / "one.key").read_bytes())
    child.sendline("reload")
    child.expect("loaded 1")


# --- where a phrase must not be found ---


def memory_holds(pid: int, needle: bytes) -> int:
    """How often the memory of a process holds some bytes."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, access = line.split()[:2]
            begin, end = (int(address, 16) for address in area.split("-"))
            if "r" in access and not line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                memory.seek(begin)
                found += memory.read(end - begin).count(needle)
    return found


@pytest.mark.parametrize(("reuse", "copies"), [("reuse", 1), ("once", 0)])
def test_a_phrase_is_kept_in_one_place_or_none_and_never_visible(
    start: Start, reuse: str, copies: int
) -> None:
    child = start("one", "two", reuse=reuse)
    prompted(child)
    child.sendline("wrong-phrase")
    prompted(child)
    child.sendline("geheim")
    child.expect("loaded 2")
    assert child.pid
    for name in ("environ", "cmdline"):
        assert b"geheim" not in Path(f"/proc/{child.pid}/{name}").read_bytes()
    assert memory_holds(child.pid, b"geheim") == copies
    assert memory_holds(child.pid, b"wrong-phrase") == 0


@pytest.mark.parametrize("means", ["exec:", "|"])
def test_a_phrase_of_a_program_leaves_no_trace_either(start: Start, tmp_path: Path, means: str) -> None:
    program = tmp_path / "phrase"
    program.write_text("#!/bin/sh\necho geheim\n")
    program.chmod(0o700)
    child = start("one", "two", means=f"{means}{program}", reuse="once")
    child.expect("loaded 2")
    assert child.pid
    assert memory_holds(child.pid, b"geheim") == 0


# --- without a terminal ---


def run(
    folder: Path, *stems: str, environment: dict[str, str] | None = None, **options: str
) -> tuple[int, str]:
    """Run the program without any terminal; return its exit status and output."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("INVOCATION_ID", "NOTIFY_SOCKET")
    }
    ended = subprocess.run(
        command(folder, *stems, **options),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        start_new_session=True,
        env={**inherited, **(environment or {})},
        timeout=20,
        check=False,
    )
    assert ended.stderr == ""
    return ended.returncode, ended.stdout


def test_without_a_terminal_each_key_is_refused_with_the_directive_to_set(folder: Path) -> None:
    status, output = run(folder, "one", "three")
    first, second = output.splitlines()
    assert status == 1
    assert first.startswith("refused: ssl.conf:12: SSLCertificateKeyFile: the private key in")
    assert second.startswith("ssl.conf:22: SSLCertificateKeyFile: the private key in")
    assert "no terminal" in first
    assert "set SSLPassPhraseDialog exec:/path/to/program" in second


def test_a_check_without_a_terminal_leaves_encrypted_keys_closed(folder: Path) -> None:
    status, output = run(folder, "one", reuse="check")
    assert status == 0
    assert output.startswith("loaded 0, 1 unopened\nssl.conf:12: SSLCertificateKeyFile: the private key in ")
    assert "was not opened" in output


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A systemd-ask-password that gives its answers in turn and notes its arguments."""
    path = tmp_path / "systemd-ask-password"
    path.write_text(
        f"""#!/bin/sh
echo "$*" >> {tmp_path}/asked
sed -n "$(wc -l < {tmp_path}/asked)p" {tmp_path}/answers | grep .
"""
    )
    path.chmod(0o700)
    return path


def under_systemd(agent: Path, *answers: str) -> dict[str, str]:
    (agent.parent / "answers").write_text("".join(f"{answer}\n" for answer in answers))
    return {"PATH": f"{agent.parent}:{os.environ['PATH']}", "INVOCATION_ID": "0123456789abcdef"}


def test_under_systemd_its_agent_asks(folder: Path, agent: Path) -> None:
    status, output = run(
        folder, "one", "two", "three", environment=under_systemd(agent, "wrong", "geheim", "anders")
    )
    assert (status, output) == (0, "loaded 3, 0 unopened\n")
    first, again, third = (agent.parent / "asked").read_text().splitlines()
    assert re.fullmatch(
        r"--no-tty --id=prefork_ssl:one\.test:443 Pass phrase of the EC key of one\.test:443 \(/\S+/one\.key\):",
        first,
    )
    assert "incorrect (5 more attempts)" in again
    assert "three.test" in third


def test_when_nobody_answers_systemds_agent_the_start_is_refused(folder: Path, agent: Path) -> None:
    status, output = run(folder, "one", "two", environment=under_systemd(agent))
    assert status == 1
    assert output.count("\n") == 1
    assert re.match(
        r"refused: ssl.conf:12: SSLCertificateKeyFile: \S+/systemd-ask-password ended with status 1;", output
    )


def test_a_hung_up_terminal_ends_the_dialog(start: Start, folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = f'trap "" HUP; exec "$0" "$@" > {output} 2>&1'
    child = pexpect.spawn("/bin/sh", ["-c", script, *command(folder, "one")], encoding="utf-8", timeout=10)
    prompted(child)
    os.close(child.child_fd)
    said = until(
        lambda: output.exists() and output.read_text().endswith("\n") and output.read_text(),
        "the end of the dialog",
    )
    assert re.match("refused: ssl.conf:12: .* the dialog ended without the pass phrase", said)
    os.waitpid(child.pid, 0)
