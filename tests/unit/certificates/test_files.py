"""Files appear whole or not at all."""

import os
from pathlib import Path

import pytest

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.storage import files
from prefork_ssl.certificates.storage.files import PRIVATE, PUBLIC, Output


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_modes(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        files.publish(
            Output(tmp_path / "a", b"a", PRIVATE, False), Output(tmp_path / "b", b"b", PUBLIC, False)
        )
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o644
    assert contents(tmp_path) == {"a": b"a", "b": b"b"}


def test_a_key_that_was_open_to_all_is_closed_when_it_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o666)
    files.publish(Output(tmp_path / "a", b"new", PRIVATE, True))
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(CertificateError, match="b exists"):
        files.publish(
            Output(tmp_path / "a", b"a", PRIVATE, False), Output(tmp_path / "b", b"b", PUBLIC, False)
        )
    assert contents(tmp_path) == {"b": b"old"}
    with pytest.raises(CertificateError, match="cannot write"):
        files.publish(
            Output(tmp_path / "a", b"a", PRIVATE, False), Output(tmp_path / "no/b", b"b", PUBLIC, False)
        )
    assert contents(tmp_path) == {"b": b"old"}


def test_a_file_that_somebody_else_makes_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = files._stage

    def slow(*arguments: object) -> Path:
        staged = original(*arguments)
        (tmp_path / "b").write_bytes(b"theirs")
        return staged

    monkeypatch.setattr(files, "_stage", slow)
    with pytest.raises(CertificateError, match="b exists"):
        files.publish(
            Output(tmp_path / "a", b"a", PRIVATE, False), Output(tmp_path / "b", b"b", PUBLIC, False)
        )
    assert contents(tmp_path) == {"b": b"theirs"}


def test_two_names_of_one_file(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="named for two outputs"):
        files.publish(
            Output(tmp_path / "a", b"a", PRIVATE, True), Output(tmp_path / "." / "a", b"b", PUBLIC, True)
        )
    assert contents(tmp_path) == {}


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("elsewhere")
    with pytest.raises(CertificateError, match="a exists"):
        files.publish(Output(tmp_path / "a", b"a", PRIVATE, False))
    files.publish(Output(tmp_path / "a", b"a", PRIVATE, True))
    assert (tmp_path / "elsewhere").read_bytes() == b"a"


def test_a_long_name(tmp_path: Path) -> None:
    files.publish(Output(tmp_path / ("x" * 255), b"a", PRIVATE, False))
    assert contents(tmp_path) == {"x" * 255: b"a"}
