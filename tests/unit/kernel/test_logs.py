"""The logs, on real files, pipes, programs and a full disk."""

from __future__ import annotations

import fcntl
import os
import re
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Origin
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.directives import ERROR_LOG, LOG_LEVEL
from prefork_ssl.kernel.log.files import LogFile, LogPipe
from prefork_ssl.kernel.log.logs import Level, Logs
from prefork_ssl.kernel.log.text import escape_item, escape_message

PREFIX = re.compile(
    r"\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d\.\d{6} \d{4}\] "
    r"\[(?P<module>\w+):(?P<level>\w+)\] \[pid (?P<pid>\d+)\] (?P<text>.*)"
)


def configured(root: Path, *hosts: Host, levels: Mapping[str, Level] | None = None) -> Configuration:
    values = {} if levels is None else {LOG_LEVEL: levels}
    return Configuration(Host(Settings(values), ()), hosts, root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path


@pytest.fixture
def logs(root: Path) -> Iterator[Logs]:
    opened = Logs(configured(root))
    yield opened
    opened.close()


def error_lines(root: Path) -> list[re.Match[str]]:
    lines = (root / "logs/error_log").read_text("ascii").splitlines()
    return [match for line in lines if (match := PREFIX.fullmatch(line))] if lines else []


def eventually(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def inherit(act: Callable[[], None]) -> int:
    """Run `act` in a forked process, as a worker would; returns its pid."""
    pid = os.fork()
    if not pid:
        try:
            act()
        except BaseException:  # noqa: BLE001 - the exit status tells the parent
            os._exit(1)
        os._exit(0)
    return pid


class TestErrorLog:
    def test_a_line(self, root: Path, logs: Logs) -> None:
        logs.server.write(Level.ERROR, "something broke", module="ssl", client=("::1", 58619))
        (line,) = error_lines(root)
        assert line["module"] == "ssl"
        assert line["level"] == "error"
        assert int(line["pid"]) == os.getpid()
        assert line["text"] == "[client [::1]:58619] something broke"

    def test_levels_per_module(self, root: Path) -> None:
        logs = Logs(configured(root, levels={"": Level.WARN, "ssl": Level.DEBUG, "files": Level.CRIT}))
        for module in ("core", "ssl", "files"):
            for level in Level:
                logs.server.write(level, "text", module=module)
        written = {(line["module"], line["level"]) for line in error_lines(root)}
        assert {level for module, level in written if module == "core"} == {
            "emerg",
            "alert",
            "crit",
            "error",
            "warn",
            "notice",
        }
        assert {level for module, level in written if module == "files"} == {
            "emerg",
            "alert",
            "crit",
            "notice",
        }
        assert len([level for module, level in written if module == "ssl"]) == 8
        logs.close()

    def test_a_client_cannot_forge_a_line(self, root: Path, logs: Logs) -> None:
        logs.server.write(Level.ERROR, "File not found: /x\n[Thu] [core:emerg] \x1b[2J\x85\u2028\\")
        (line,) = error_lines(root)
        assert line["text"] == r"File not found: /x\n[Thu] [core:emerg] \x1b[2J\xc2\x85\xe2\x80\xa8\\"

    def test_a_traceback_is_readable(self, root: Path, logs: Logs) -> None:
        try:
            int("x")
        except ValueError:
            logs.server.exception("handler failed", module="files")
        texts = [line["text"] for line in error_lines(root)]
        assert texts[0] == "handler failed"
        assert texts[1] == "Traceback (most recent call last):"
        assert texts[-1] == "ValueError: invalid literal for int() with base 10: 'x'"

    def test_a_host_has_its_own_and_shares_the_same(self, root: Path) -> None:
        own = Host(Settings({ERROR_LOG: "logs/own_log"}), ())
        shared = Host(Settings({ERROR_LOG: str(root / "logs/error_log")}), ())
        logs = Logs(configured(root, own, shared))
        logs.for_host(own).write(Level.ERROR, "mine")
        assert "mine" in (root / "logs/own_log").read_text()
        assert logs.for_host(shared).file is logs.server.file
        logs.close()

    def test_all_that_cannot_be_opened_is_reported_with_its_place(self, root: Path) -> None:
        def host(target: str, line: int) -> Host:
            return Host(Settings({ERROR_LOG: target}, {ERROR_LOG: Origin("a.conf", line)}), ())

        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(ConfigError) as caught:
            Logs(configured(root, host("missing/log", 3), host("logs", 5), host("|no-such-program -x", 7)))
        first, second, third = map(str, caught.value.problems)
        assert first == (
            f"a.conf:3: cannot open log {root}/missing/log: No such file or directory"
            f" (make the directory: mkdir -p {root}/missing)"
        )
        assert second.startswith(f"a.conf:5: cannot open log {root}/logs: Is a directory")
        assert third == "a.conf:7: cannot open log |no-such-program -x: No such file or directory"
        assert len(list(Path("/proc/self/fd").iterdir())) == before


class TestEscapes:
    def test_quotes_matter_in_items_only(self) -> None:
        assert escape_item('a"b\\c\t') == r"a\"b\\c\t"
        assert escape_message('a"b\\c\t') == r'a"b\\c\t'

    def test_bytes_that_are_not_utf8(self) -> None:
        assert escape_item(os.fsdecode(b"/\xff\xc3\xa9")) == r"/\xff\xe9"
        assert escape_message(os.fsdecode(b"/\xff\xc3\xa9\xe2\x82\xac")) == r"/\xff\xc3\xa9\xe2\x82\xac"
        assert escape_message("\ud800") == r"\xed\xa0\x80"

    @given(st.text())
    def test_always_printable_and_inside_its_quotes(self, text: str) -> None:
        escaped = escape_item(text)
        assert escaped.isascii()
        assert escaped.isprintable() or not escaped
        assert re.fullmatch(r'(?:[^"\\]|\\["\\nrtbv]|\\x[0-9a-f]{2})*', escaped)

    @given(st.binary())
    def test_no_two_byte_strings_look_the_same(self, data: bytes) -> None:
        escaped = escape_item(data.decode("latin-1"))
        assert escaped.encode("ascii").decode("unicode_escape").encode("latin-1") == data


class TestFiles:
    def test_the_same_target_is_the_same_file(self, root: Path, logs: Logs) -> None:
        assert logs.open("logs/access_log") is logs.open(str(root / "logs/access_log"))

    def test_others_cannot_read_it(self, root: Path, logs: Logs) -> None:
        logs.open("logs/access_log")
        assert (root / "logs/access_log").stat().st_mode & 0o007 == 0

    def test_a_named_pipe_without_a_reader_is_refused_at_once(self, root: Path, logs: Logs) -> None:
        os.mkfifo(root / "fifo")
        with pytest.raises(ConfigError, match="fifo"):
            logs.open("fifo", Origin("a.conf", 1))

    def test_a_full_disk_is_told_once_when_it_works_again(self, root: Path, logs: Logs) -> None:
        file = logs.open("/dev/full")
        for _ in range(3):
            file.write(b"line\n")
        _replace(file.fd, root / "disk")
        file.write(b"again\n")
        file.write(b"and again\n")
        assert (root / "disk").read_bytes() == b"again\nand again\n"
        (line,) = error_lines(root)
        assert line["text"] == "3 lines could not be written to /dev/full: No space left on device"

    def test_a_full_disk_under_the_error_log(self, root: Path) -> None:
        full = Host(Settings({ERROR_LOG: "/dev/full"}), ())
        logs = Logs(Configuration(full, (), root))
        logs.server.write(Level.ERROR, "lost")
        _replace(logs.server.file.fd, root / "disk")
        logs.server.write(Level.ERROR, "found")
        text = (root / "disk").read_text()
        assert "found" in text
        assert "1 lines could not be written" in text
        logs.close()

    def test_a_line_cut_by_a_full_disk_does_not_swallow_the_next(self, root: Path) -> None:
        told: list[str] = []
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        file = LogFile("pipe", writing, told.append)  # not a LogPipe: cut wherever it is full
        size = fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)
        file.write(b"x" * (size + 100) + b"\n" + b"y" * (2 << 20) + b"\n")
        assert os.read(reading, size) == b"x" * size
        file.write(b"next\n")
        assert os.read(reading, size) == b"\nnext\n"
        assert told == ["2 lines could not be written to pipe: its reader does not keep up"]
        file.close()
        os.close(reading)


def _replace(fd: int, path: Path) -> None:
    disk = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(disk, fd)
    os.close(disk)


class TestRotation:
    def test_only_files_that_left_their_path_are_moved(self, root: Path, logs: Logs) -> None:
        for target in ("logs/access_log", "/dev/null", "/dev/stderr", "|cat"):
            logs.open(target)
        assert logs.moved() == []
        (root / "logs/access_log").rename(root / "logs/access_log.1")
        assert logs.moved() == [logs.open("logs/access_log")]
        (root / "logs/access_log").write_text("made by logrotate\n")
        assert logs.moved() == [logs.open("logs/access_log")]

    def test_reopened_for_master_and_workers_alike(self, root: Path, logs: Logs) -> None:
        file = logs.open("logs/access_log")
        number = file.fd
        ours, theirs = socket.socketpair()

        def worker() -> None:
            file.write(b"worker, before\n")
            theirs.send(b"written")
            _, fds, _, _ = socket.recv_fds(theirs, 10, 1)
            os.dup2(fds[0], file.fd)
            file.write(b"worker, after\n")

        pid = inherit(worker)
        ours.recv(10)
        (root / "logs/access_log").rename(root / "logs/access_log.1")
        fd = logs.reopen(file)
        socket.send_fds(ours, [b"log"], [fd])
        os.close(fd)
        assert os.waitpid(pid, 0)[1] == 0
        file.write(b"master, after\n")
        assert file.fd == number
        assert not os.get_inheritable(number)
        assert (root / "logs/access_log.1").read_bytes() == b"worker, before\n"
        assert (root / "logs/access_log").read_bytes() == b"worker, after\nmaster, after\n"
        assert logs.moved() == []

    def test_when_it_cannot_be_reopened_the_old_one_serves(self, root: Path, logs: Logs) -> None:
        file = logs.open("logs/access_log")
        (root / "logs").rename(root / "old")
        assert file in logs.moved()
        with pytest.raises(FileNotFoundError):
            logs.reopen(file)
        file.write(b"still\n")
        assert (root / "old/access_log").read_bytes() == b"still\n"


class TestWorker:
    """Buffered by a loop. A datagram socket shows what each system call wrote."""

    @pytest.fixture
    def ends(self) -> Iterator[tuple[socket.socket, socket.socket]]:
        reading, writing = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        reading.setblocking(False)
        yield reading, writing
        reading.close()

    def test_one_write_per_turn(self, ends: tuple[socket.socket, socket.socket]) -> None:
        reading, writing = ends
        file = LogFile("socket", writing.detach(), pytest.fail)
        file.buffer(gevent.get_hub().loop)
        for number in range(3):
            file.write(b"%d\n" % number)
        with pytest.raises(BlockingIOError):
            reading.recv(100)
        gevent.sleep(0)
        assert reading.recv(100) == b"0\n1\n2\n"
        file.write(b"3\n")
        gevent.sleep(0)
        assert reading.recv(100) == b"3\n"
        file.write(b"4\n")
        file.close()
        assert reading.recv(100) == b"4\n"

    def test_an_error_is_written_at_once_and_in_order(self, root: Path, logs: Logs) -> None:
        logs.buffer(gevent.get_hub().loop)
        logs.server.file.write(b"before\n")
        logs.server.write(Level.ERROR, "now")
        first, second = (root / "logs/error_log").read_text().splitlines()
        assert first == "before"
        assert second.endswith("] now")


class TestPipes:
    def test_a_slow_reader_does_not_block_and_gets_all(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        os.set_blocking(reading, False)
        file = LogPipe("pipe", writing, pytest.fail)
        file.buffer(gevent.get_hub().loop)
        lines = [b"%06d " % number + b"x" * 91 + b"\n" for number in range(3000)]  # 300 kB, a pipe holds 64
        for line in lines:
            file.write(line)
        received = b""
        while len(received) < 300_000 - 3000:
            gevent.sleep(0.01)
            if select.select([reading], [], [], 0)[0]:
                received += os.read(reading, 1 << 20)
        assert received == b"".join(lines)
        file.close()
        os.close(reading)

    def test_a_reader_who_stops_is_looked_after_now_and_then(self, monkeypatch: pytest.MonkeyPatch) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        file = LogPipe("pipe", writing, pytest.fail)
        file.buffer(gevent.get_hub().loop)
        tries: list[int] = []
        write = os.write

        def counting(fd: int, data: bytes) -> int:
            tries.append(fd)
            return write(fd, data)

        file.write(b"x" * 99_999 + b"\n")
        gevent.sleep(0)
        monkeypatch.setattr("os.write", counting)
        gevent.sleep(0.4)
        assert 2 <= len(tries) <= 10
        file.close()
        os.close(reading)

    def test_lines_of_several_processes_stay_whole(self) -> None:
        reading, writing = os.pipe()
        file = LogPipe("pipe", writing, pytest.fail)
        file.buffer(gevent.get_hub().loop)

        def worker() -> None:
            letter = b"%x" % (os.getpid() % 16)
            for length in range(2000):
                file.write(letter * (length % 700 + 1) + b"\n")
            file.flush()

        pids = [inherit(worker) for _ in range(3)]
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            lines = pipe.read().splitlines()
        assert len(lines) == 6000
        assert all(len(set(line)) == 1 for line in lines)
        for pid in pids:
            assert os.waitpid(pid, 0)[1] == 0


class TestPrograms:
    def test_it_gets_every_line_and_the_end(self, root: Path, logs: Logs) -> None:
        out = root / "out"
        file = logs.open(f"|sh -c 'cat > {out}; echo end >> {out}'")
        file.write(b"one\n")
        assert os.waitpid(inherit(lambda: file.write(b"two\n")), 0)[1] == 0
        logs.close()
        eventually(lambda: out.exists() and out.read_bytes() == b"one\ntwo\nend\n")

    def test_through_the_shell_when_asked(self, root: Path, logs: Logs) -> None:
        file = logs.open(f"|$read line && echo got $line > {root}/out")
        file.write(b"this\n")
        eventually(lambda: (root / "out").exists() and (root / "out").read_bytes() == b"got this\n")

    def test_what_it_misses_while_dead_waits_for_it(self, root: Path, logs: Logs) -> None:
        out = root / "out"
        file = logs.open(f"|sh -c 'read line; echo $line >> {out}'")
        file.write(b"one\n")
        eventually(lambda: out.exists() and out.read_bytes() == b"one\n")
        file.write(b"two\n")
        assert out.read_bytes() == b"one\n"

        def tended() -> bool:
            logs.tend()
            return out.read_bytes() == b"one\ntwo\n"

        eventually(tended)
        assert "ended (status 0) and was started again" in error_lines(root)[0]["text"]

    def test_one_that_dies_again_and_again_is_started_with_pauses(self, root: Path, logs: Logs) -> None:
        logs.open(f"|sh -c 'echo started >> {root}/out'")
        end = time.monotonic() + 0.9
        while time.monotonic() < end:
            logs.tend()
            time.sleep(0.01)
        assert (root / "out").read_bytes() == b"started\n" * 2
