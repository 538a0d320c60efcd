"""One look at the file system in each turn of the loop, and never less."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from unit.modules.asking import body_of, new_generation, new_request

from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.request import Response
from prefork_ssl.modules.files.module import module

Ask = Callable[..., Response]


class Loop:
    """A worker's loop, as far as files look at it: its time stands still within a turn."""

    def __init__(self) -> None:
        self.time = 1.0

    def now(self) -> float:
        return self.time

    def next_turn(self) -> None:
        self.time += 0.001


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "htdocs").mkdir()
    return tmp_path / "htdocs"


@pytest.fixture
def ask(folder: Path, loop: Loop) -> Ask:
    generation = new_generation(folder.parent, {DOCUMENT_ROOT: folder})
    host = generation.configuration.server
    hooks = module.hooks
    assert hooks.prepare
    assert hooks.worker_start
    assert hooks.handler
    hooks.prepare(generation)
    hooks.worker_start(SimpleNamespace(generation=generation, loop=loop))  # type: ignore[arg-type]
    handle = hooks.handler(generation, host, host.settings)
    assert handle

    def answer(path: str, **fields: str) -> Response:
        request = new_request(generation, path, **fields)
        request.filename = f"{folder}{path}"
        response = handle(request)
        assert isinstance(response, Response)
        return response

    return answer


def test_what_changes_shows_in_the_next_turn(ask: Ask, folder: Path, loop: Loop) -> None:
    (folder / "file").write_bytes(b"first")
    assert body_of(ask("/file")) == body_of(ask("/file")) == b"first"
    (folder / "file").write_bytes(b"second")
    loop.next_turn()
    assert body_of(ask("/file")) == b"second"


def test_what_goes_is_gone_in_the_next_turn(ask: Ask, folder: Path, loop: Loop) -> None:
    (folder / "file").write_bytes(b"first")
    assert ask("/file").status == 200
    (folder / "file").unlink()
    loop.next_turn()
    assert ask("/file").status == 404


def test_a_compressed_copy_that_comes_shows_in_the_next_turn(ask: Ask, folder: Path, loop: Loop) -> None:
    (folder / "file").write_bytes(b"first")
    assert "Vary" not in dict(ask("/file").headers)
    (folder / "file.gz").write_bytes(b"packed")
    loop.next_turn()
    assert body_of(ask("/file", accept_encoding="gzip")) == b"packed"
    assert body_of(ask("/file")) == b"first"


def test_one_look_in_a_turn(ask: Ask, folder: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    access = os.access
    monkeypatch.setattr(os, "access", lambda *args: looks.append(args) or access(*args))
    (folder / "file").write_bytes(b"first")
    for _ in range(3):
        assert [body_of(ask("/file")) for _ in range(10)] == [b"first"] * 10
        loop.next_turn()
    assert len(looks) == 3


def test_the_same_file_of_a_turn_by_other_fields(ask: Ask, folder: Path) -> None:
    (folder / "file").write_bytes(b"first")
    tag = dict(ask("/file").headers)["ETag"]
    assert ask("/file", if_none_match=tag).status == 304
    assert body_of(ask("/file", range="bytes=1-2")) == b"ir"
    assert body_of(ask("/file")) == b"first"


def test_fields_that_a_module_adds_to_one_response_are_not_those_of_the_next(ask: Ask, folder: Path) -> None:
    (folder / "file").write_bytes(b"first")
    ask("/file").headers.append(("X-One", "1"))
    assert "X-One" not in dict(ask("/file").headers)


def test_missing_files_and_folders_are_looked_for_each_time(ask: Ask, folder: Path) -> None:
    assert ask("/file").status == 404
    (folder / "file").write_bytes(b"there")
    assert body_of(ask("/file")) == b"there"
    (folder / "folder").mkdir()
    assert ask("/folder").status == 301


def test_large_files_keep_their_own_descriptors(ask: Ask, folder: Path) -> None:
    data = os.urandom(100_000)
    (folder / "large").write_bytes(data)
    assert body_of(ask("/large")) == body_of(ask("/large")) == data
