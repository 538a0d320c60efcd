"""Folders of logs that workers could write to are told of."""

import os
from pathlib import Path

import pytest

from prefork_ssl.kernel.process.log_folders import doubtful
from prefork_ssl.kernel.process.privileges import Identity

WORKER = Identity(54321, 54322, (54322, 54323))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    return folder


def told(folder: Path, identity: Identity | None = WORKER) -> list[str]:
    return list(doubtful([f"{folder}/error_log", f"{folder}/access_log", "|cat", "/dev/stderr"], identity))


def test_a_folder_of_root_s(folder: Path) -> None:
    assert told(folder) == []


def test_one_for_everybody_is_told_once_with_a_remedy(folder: Path) -> None:
    folder.chmod(0o777)
    (warning,) = told(folder)
    assert f"chown root {folder}" in warning


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("owner", "group", "mode", "doubted"),
    [
        (54321, 0, 0o755, True),
        (54321, 0, 0o555, False),
        (0, 54322, 0o775, True),
        (0, 54323, 0o775, True),
        (0, 54323, 0o755, False),
        (0, 54324, 0o775, False),
    ],
)
def test_owners_and_groups(folder: Path, owner: int, group: int, mode: int, doubted: bool) -> None:
    os.chown(folder, owner, group)
    folder.chmod(mode)
    assert bool(told(folder)) is doubted


def test_workers_that_are_who_the_master_is_gain_nothing(folder: Path) -> None:
    folder.chmod(0o777)
    assert told(folder, None) == []
    assert told(folder, Identity(0, 0, (0,))) == []
