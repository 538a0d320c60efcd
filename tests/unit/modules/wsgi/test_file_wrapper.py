"""Which files are sent by the system, and which have to be read."""

import gzip
import io
import os
import socket
import tempfile
from pathlib import Path

import pytest

from prefork_ssl.modules.wsgi.gateway.file_wrapper import FileWrapper, as_file_body


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(b"0123456789")
    return made


@pytest.mark.parametrize("buffering", [0, -1])
@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, None, (0, 10)),
        (3, None, (3, 7)),
        (3, 2, (3, 2)),
        (10, None, (10, 0)),
        (0, 10, (0, 10)),
        (3, 0, (3, 0)),
    ],
)
def test_a_part_of_a_file(path: Path, buffering: int, offset: int, length, expected) -> None:
    with path.open("rb", buffering) as file:
        file.seek(offset)
        body = as_file_body(file, length)
        assert body is not None
        assert (body.offset, body.count) == expected
        assert body.fd != file.fileno()
    assert os.pread(body.fd, body.count, body.offset) == b"0123456789"[offset:][:length]
    os.close(body.fd)


def test_where_it_stands_is_where_its_reader_is(path: Path) -> None:
    with path.open("rb") as file:
        assert file.read(4) == b"0123"  # the descriptor is at the end by now
        body = as_file_body(file, None)
    assert (body.offset, body.count) == (4, 6)
    os.close(body.fd)


def test_what_was_written_is_there() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        file.seek(1)
        body = as_file_body(file, None)
    assert os.pread(body.fd, body.count, body.offset) == b"bc"
    os.close(body.fd)


def test_more_than_there_is(path: Path) -> None:
    with path.open("rb") as file:
        assert as_file_body(file, 11) is None
        file.seek(20)
        assert as_file_body(file, None) is None


def closed_file(path: Path) -> io.BufferedReader:
    file = path.open("rb")
    file.close()
    return file


def disguised(path: Path) -> io.FileIO:
    class Shouting(io.FileIO):
        def read(self, *args):
            return super().read(*args).upper()

    return Shouting(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda _path: io.BytesIO(b"memory"),
        lambda path: path.open(),
        closed_file,
        disguised,
        gzip.open,
        lambda path: io.BufferedReader(gzip.open(path)),  # noqa: SIM115
        lambda path: (
            os.fdopen(os.open(path.parent, os.O_RDONLY), "rb") if False else socket.socket().makefile("rb")
        ),
        lambda _path: open("/dev/zero", "rb"),  # noqa: SIM115, PTH123
        lambda _path: "no file",
    ],
    ids=["memory", "text", "closed", "subclass", "gzip", "buffered gzip", "socket", "device", "str"],
)
def test_what_must_be_read(path: Path, make) -> None:
    assert as_file_body(make(path), None) is None


def test_iteration_and_end(path: Path) -> None:
    file = path.open("rb")
    wrapper = FileWrapper(file, 4)
    assert list(wrapper) == [b"0123", b"4567", b"89"]
    wrapper.close()
    assert file.closed
    FileWrapper(type("Bare", (), {"read": lambda *_: b""})()).close()
