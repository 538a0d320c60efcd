"""Scripts and references: what they name, and what is said of those that name nothing good."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.modules.wsgi.applications.loading import Applications, look_in_first
from prefork_ssl.modules.wsgi.applications.source import Reference, Script
from prefork_ssl.modules.wsgi.directives import WSGI_APPLICATION, WSGI_PYTHON_PATH
from prefork_ssl.modules.wsgi.mounts import Mount

HERE = Origin("server.conf", 7)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    modules, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    sys.path[:] = path


def written(folder: Path, text: str, name: str = "app.wsgi") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def loaded(folder: Path, *sources: Script | Reference) -> tuple[Applications, list[str]]:
    """The applications, and what could not be imported, each in a line."""
    mounts = {f"/{number}": Mount(f"/{number}", source, HERE) for number, source in enumerate(sources)}
    settings = Settings({WSGI_APPLICATION: mounts, WSGI_PYTHON_PATH: (folder,)})
    applications = Applications(Configuration(Host(settings, ()), (), folder))
    return applications, [str(failure.problem) for failure in applications.load()]


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("app:application", Reference("app", "application", False)),
        ("shop.wsgi:make()", Reference("shop.wsgi", "make", True)),
        ("a:b.c", Reference("a", "b.c", False)),
    ],
)
def test_references(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference
    assert str(reference) == text


@pytest.mark.parametrize(
    "text", ["", "app", ":a", "a:", "a:b:c", "a.:b", "1a:b", "a:b()()", "a:b(1)", "a/b:c", "a:()"]
)
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(BadArgument, match="is not module:callable"):
        Reference.parse(text)


def test_scripts_are_modules_that_nobody_else_imports(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        written(
            tmp_path / folder,
            f"import sys\nname = {folder!r}\ndef application(): return sys.modules[__name__]\n",
        )
    first, second = (Script(tmp_path / folder / "app.wsgi").load() for folder in ("one", "two"))
    assert (first().name, second().name) == ("one", "two")
    assert not list(tmp_path.glob("**/*.pyc"))


def test_what_is_mounted_twice_is_imported_once(tmp_path: Path) -> None:
    written(tmp_path, "made = []\ndef make():\n    made.append(1)\n    return made.append\n", "twice.py")
    source = Reference("twice", "make", True)
    applications, failures = loaded(tmp_path, source, source)
    assert not failures
    assert sys.modules["twice"].made == [1]
    assert list(applications.callables) == [source]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("application = 1\n", "application of {} is of type int, and cannot be called"),
        ("app = print\n", "{} has no application"),
        ("1 +\n", "SyntaxError: invalid syntax (app.wsgi, line 1)"),
        ("\n1 / 0\n", "ZeroDivisionError: division by zero ({}:2)"),
        ("raise SystemExit(3)\n", "SystemExit: 3 ({}:1)"),
        ("import sys\nsys.exit()\n", "SystemExit ({}:2)"),
    ],
)
def test_scripts_that_are_no_applications(tmp_path: Path, text: str, problem: str) -> None:
    path = written(tmp_path, text)
    _, failures = loaded(tmp_path, Script(path))
    assert failures == [
        f"server.conf:7: the application of /0, {path}, cannot be imported: {problem.format(path)}"
    ]


@pytest.mark.parametrize(
    ("text", "reference", "problem"),
    [
        ("", "absent:a", "ModuleNotFoundError: No module named 'absent' (WSGIPythonPath names the folders"),
        ("", "broken:a.b", "broken:a.b: module 'broken' has no attribute 'a'"),
        ("a = None\n", "broken:a", "broken:a is of type NoneType, and cannot be called"),
        ("a = 'text'\n", "broken:a()", "broken:a is of type str, and cannot be called"),
        (
            "def a(): return None\n",
            "broken:a()",
            "what broken:a() returned is of type NoneType, and cannot be called",
        ),
        ("def a(): raise OSError(2, 'gone')\n", "broken:a()", "FileNotFoundError: [Errno 2] gone ("),
    ],
)
def test_references_to_no_applications(tmp_path: Path, text: str, reference: str, problem: str) -> None:
    written(tmp_path, text, "broken.py")
    (failure,) = loaded(tmp_path, Reference.parse(reference))[1]
    assert f"cannot be imported: {problem}" in failure


def test_one_failure_does_not_hide_another(tmp_path: Path) -> None:
    good = written(tmp_path, "application = print\n", "good.wsgi")
    applications, failures = loaded(
        tmp_path, Script(tmp_path / "gone"), Script(good), Reference.parse("absent:a")
    )
    assert len(failures) == 2
    assert list(applications.callables) == [Script(good)]


def test_tracebacks_begin_with_the_application(tmp_path: Path) -> None:
    written(tmp_path, "import inner\n", "outer.py")
    written(tmp_path, "def f():\n    raise KeyError('x')\nf()\n", "inner.py")
    mounts = {"": Mount("", Reference.parse("outer:a"), HERE)}
    settings = Settings({WSGI_APPLICATION: mounts, WSGI_PYTHON_PATH: (tmp_path,)})
    (failure,) = Applications(Configuration(Host(settings, ()), (), tmp_path)).load()
    files = [line.split('"')[1] for line in failure.traceback if line.startswith("  File ")]
    assert [Path(file).name for file in files] == ["outer.py", "inner.py", "inner.py"]
    assert failure.traceback[0] == "Traceback (most recent call last):"
    assert failure.traceback[-1] == "KeyError: 'x'"


def test_the_python_path_comes_first_with_what_it_names(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    for folder in (first, second, third):
        folder.mkdir()
    (first / "more.pth").write_text(f"{third}\n")
    sys.path.append(str(second))
    look_in_first([first, second])
    assert sys.path[:3] == [str(first), str(second), str(third)]
    assert len(set(sys.path)) == len(sys.path)
