"""Leaving the interpreter as it was before something was imported, and entering what that has made of it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from prefork_ssl.modules.wsgi.applications.world import World


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    world = World()
    yield
    world.leave()


@pytest.fixture
def theirs(tmp_path: Path) -> World:
    (tmp_path / "imported.py").write_text(
        "import logging, os, sys, wave\n"
        "os.environ['MADE_UP'] = 'yes'\n"
        "logging.getLogger('made.up').addHandler(logging.NullHandler())\n"
        "logging.getLogger().addHandler(logging.NullHandler())\n"
        "logging.getLogger().setLevel('ERROR')\n"
    )
    world = World()
    sys.path.insert(0, str(tmp_path))
    import imported

    assert imported
    world.leave()
    return world


def test_nothing_is_left(theirs: World, tmp_path: Path) -> None:
    assert "imported" not in sys.modules
    assert str(tmp_path) not in sys.path
    assert "MADE_UP" not in os.environ
    assert "made.up" not in logging.Logger.manager.loggerDict
    assert logging.root.level != logging.ERROR
    assert "wave" in sys.modules, "the standard library is everybody's"


def test_everything_is_there_again(theirs: World, tmp_path: Path) -> None:
    theirs.enter()
    assert "imported" in sys.modules
    assert sys.path[0] == str(tmp_path)
    assert os.environ["MADE_UP"] == "yes"
    assert len(logging.getLogger("made.up").handlers) == 1
    assert logging.root.level == logging.ERROR
    assert not logging.getLogger("elsewhere").isEnabledFor(logging.WARNING)


def test_the_second_time_is_like_the_first(theirs: World) -> None:
    for _ in range(2):
        theirs.enter()
        assert len(logging.getLogger("made.up").handlers) == 1
        assert sum(type(each) is logging.NullHandler for each in logging.root.handlers) == 1


def test_what_came_meanwhile_stays(theirs: World) -> None:
    meanwhile = sys.modules["meanwhile"] = ModuleType("meanwhile")
    theirs.enter()
    assert sys.modules["meanwhile"] is meanwhile


def test_compiled_modules_are_had_once() -> None:
    compiled = "markupsafe._speedups"
    for name in [name for name in sys.modules if name.startswith("markupsafe")]:
        del sys.modules[name]
    world = World()
    import markupsafe._speedups as first

    assert first.__spec__.loader.__class__.__name__ == "ExtensionFileLoader"
    world.leave()
    assert "markupsafe" not in sys.modules
    assert sys.modules[compiled] is first
    import markupsafe

    assert markupsafe.escape("<") == "&lt;"
