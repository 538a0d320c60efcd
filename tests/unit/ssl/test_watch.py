"""SSLCertificateWatch: which changes count, and when."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prefork_ssl.modules.ssl.keys.file_pool import Stamp
from prefork_ssl.modules.ssl.keys.watch import Watch

NAMES = ("one.crt", "one.key", "two.crt")


class Folder:
    """Some files, and a watch on them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in NAMES:
            self.write(name, "first")
        self.watch = Watch({path / name: Stamp.of((path / name).stat()) for name in NAMES})

    def write(self, name: str, text: str) -> None:
        draft = self.path / "draft"
        draft.write_text(text)
        draft.replace(self.path / name)

    def looks(self, count: int) -> list[list[str]]:
        """The names of what was told at each look."""
        return [[Path(path).name for path in self.watch.look()] for _ in range(count)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_nothing_happens(folder: Folder) -> None:
    assert folder.looks(3) == [[], [], []]


def test_a_change_counts_once_it_stands_still(folder: Folder) -> None:
    folder.write("one.crt", "second")
    assert folder.looks(4) == [[], ["one.crt"], [], []]


def test_files_that_change_one_after_the_other_are_told_together(folder: Folder) -> None:
    folder.write("one.crt", "second")
    assert folder.looks(1) == [[]]
    folder.write("one.key", "second")
    assert folder.looks(3) == [[], ["one.crt", "one.key"], []]


def test_what_was_told_is_told_again_when_something_else_changes(folder: Folder) -> None:
    folder.write("one.crt", "second")
    assert folder.looks(2) == [[], ["one.crt"]]
    folder.write("one.key", "second")
    assert folder.looks(3) == [[], ["one.crt", "one.key"], []]


def test_writing_in_place_and_touching_count(folder: Folder) -> None:
    path = folder.path / "two.crt"
    path.write_text("first longer")
    assert folder.looks(2) == [[], ["two.crt"]]
    os.utime(path, (1, 1))
    assert folder.looks(2) == [[], ["two.crt"]]


def test_a_file_that_is_gone_is_no_change_and_one_that_comes_back_is(folder: Folder) -> None:
    (folder.path / "one.key").unlink()
    assert folder.looks(3) == [[], [], []]
    folder.write("one.key", "second")
    assert folder.looks(3) == [[], ["one.key"], []]


def test_a_change_that_is_taken_back_is_none(folder: Folder) -> None:
    old = folder.path / "one.crt"
    aside = old.rename(folder.path / "aside")
    folder.write("one.crt", "second")
    assert folder.looks(1) == [[]]
    aside.rename(old)
    assert folder.looks(3) == [[], [], []]
