"""What is remembered of small files, and when it no longer counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefork_ssl.kernel.files.paths import LinkRefusedError, Symlinks
from prefork_ssl.modules.files import open_files
from prefork_ssl.modules.files.open_files import Files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file in it; files are remembered at once, not after seconds."""
    monkeypatch.setattr(open_files, "_SETTLED", -1)
    (tmp_path / "file").write_bytes(b"first")
    return tmp_path


@pytest.fixture
def files() -> Files:
    return Files()


def contents(
    files: Files, folder: Path, path: str = "file", symlinks: Symlinks = Symlinks.NONE
) -> bytes | None:
    file = files.open(str(folder), path, symlinks)
    file.close()
    return file.data


def later(path: Path, before: os.stat_result) -> None:
    """Make sure that the clock of the file system has moved on since `before`."""
    while path.stat().st_ctime_ns == before.st_ctime_ns:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_it_is_opened_once(files: Files, folder: Path) -> None:
    first = files.open(str(folder), "file", Symlinks.NONE)
    assert files.open(str(folder), "file", Symlinks.NONE) is first


def test_a_change_shows_even_if_size_and_time_are_put_back(files: Files, folder: Path) -> None:
    assert contents(files, folder) == b"first"
    before = (folder / "file").stat()
    (folder / "file").write_bytes(b"again")
    os.utime(folder / "file", ns=(before.st_atime_ns, before.st_mtime_ns))
    later(folder / "file", before)
    assert contents(files, folder) == b"again"


def test_another_file_in_its_place_shows(files: Files, folder: Path) -> None:
    assert contents(files, folder) == b"first"
    (folder / "other").write_bytes(b"other")
    (folder / "other").rename(folder / "file")
    assert contents(files, folder) == b"other"


def test_a_deleted_file_is_gone(files: Files, folder: Path) -> None:
    assert contents(files, folder) == b"first"
    (folder / "file").unlink()
    with pytest.raises(FileNotFoundError):
        contents(files, folder)


def test_a_link_in_its_place_is_refused(files: Files, folder: Path) -> None:
    assert contents(files, folder) == b"first"
    (folder / "file").unlink()
    (folder / "secret").write_bytes(b"secret")
    (folder / "file").symlink_to("secret")
    with pytest.raises(LinkRefusedError):
        contents(files, folder)


def test_what_was_opened_through_a_link_is_refused_where_links_are(files: Files, folder: Path) -> None:
    (folder / "link").symlink_to("file")
    assert contents(files, folder, "link", Symlinks.FOLLOW) == b"first"
    with pytest.raises(LinkRefusedError):
        contents(files, folder, "link", Symlinks.NONE)


def test_a_folder_that_is_trusted_does_not_make_a_path_trusted(files: Files, folder: Path) -> None:
    (folder / "real").mkdir()
    (folder / "real/file").write_bytes(b"real")
    (folder / "link").symlink_to("real")
    assert contents(files, folder / "link", "file") == b"real"
    with pytest.raises(LinkRefusedError):
        contents(files, folder, "link/file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_became_unreadable(files: Files, folder: Path) -> None:
    assert contents(files, folder) == b"first"
    (folder / "file").chmod(0)
    with pytest.raises(PermissionError):
        contents(files, folder)


def test_a_file_just_changed_is_not_remembered(files: Files, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"first")
    first = files.open(str(tmp_path), "file", Symlinks.NONE)
    assert files.open(str(tmp_path), "file", Symlinks.NONE) is not first


def _open_descriptors() -> Iterator[str]:
    return (link.name for link in Path("/proc/self/fd").iterdir())


def test_memory_is_bounded_and_the_oldest_goes(
    files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_room", 10_000)
    before = len(list(_open_descriptors()))
    opened = []
    for number in range(20):
        (folder / str(number)).write_bytes(b"x" * 1000)
        opened.append(files.open(str(folder), str(number), Symlinks.NONE))
    again = [
        files.open(str(folder), str(number), Symlinks.NONE) is opened[number] for number in range(19, -1, -1)
    ]
    assert again[:4] == [True] * 4
    assert not any(again[5:])
    assert len(list(_open_descriptors())) == before


def test_large_files_stay_on_disk(files: Files, folder: Path) -> None:
    (folder / "large").write_bytes(b"x" * 40_000)
    file = files.open(str(folder), "large", Symlinks.NONE)
    assert file.data is None
    assert file.read(39_999, 10) == b"x"
    file.close()
