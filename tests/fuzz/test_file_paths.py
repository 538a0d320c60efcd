"""URL paths against a real tree with links: whatever is asked, nothing outside of the folder is given away.

Every file's contents are its own real path, so an answer tells where it comes from.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from blackbox.until import until
from hypothesis import given, settings
from hypothesis import strategies as st

from prefork_ssl.kernel.files.paths import Symlinks
from prefork_ssl.kernel.http.targets import normalise
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.modules.files.open_files import Files

NAMES = [
    "a",
    "b",
    "file",
    "link-in",
    "link-out",
    "link-dir",
    "link-up",
    "loop",
    "secret",
    "etc",
    "passwd",
    "www",
    "ü",
]
ODD = [
    ".",
    "..",
    "...",
    "",
    " ",
    "\\",
    "..\\",
    "%2e%2e",
    "%2e",
    "%2f",
    "%5c",
    "%00",
    "%c0%ae",
    "%u002e",
    "..;",
    "~",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """www/ is the trusted folder; secret and etc/passwd lie outside."""
    top = tmp_path_factory.mktemp("tree")
    for name in ("www/file", "www/a/file", "www/a/b/file", "www/ü/file", "www/...", "secret", "etc/passwd"):
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path))
    for name, target in {
        "www/link-in": "a/file",
        "www/link-out": "../secret",
        "www/a/link-out": str(top / "etc/passwd"),
        "www/link-dir": "../etc",
        "www/a/b/link-up": "../../..",
        "www/loop": "loop",
    }.items():
        (top / name).symlink_to(target)
    return top


def got(folder: Path, path: str, symlinks: Symlinks) -> str | None:
    """The contents of what the path leads to; None if it leads to no file."""
    try:
        file = Files().open(str(folder), path, symlinks)
    except (OSError, ValueError):
        return None
    file.close()
    return None if file.data is None else file.data.decode()


segments = st.one_of(st.sampled_from(NAMES), st.sampled_from(ODD), st.text(max_size=3).map(quote))
urls = st.lists(segments, max_size=8).map(lambda parts: "/" + "/".join(parts))


@settings(max_examples=2000)
@given(urls)
def test_urls_lead_to_their_own_file_or_nowhere(tree: Path, url: str) -> None:
    try:
        path = normalise(url.encode("utf-8", "surrogatepass").decode("latin-1"))
    except RequestError:
        return
    assert ".." not in path.split("/")
    literal = Path(f"{tree}/www{path}")
    for symlinks in (Symlinks.NONE, Symlinks.IF_OWNER_MATCHES):
        contents = got(tree / "www", path, symlinks)
        if contents is not None and symlinks is Symlinks.NONE:
            # Its own real path, spelled as it was asked for: no link, no step out.
            assert contents == str(literal)
    followed = got(tree / "www", path, Symlinks.FOLLOW)
    assert followed is None or followed == os.path.realpath(literal)


@settings(max_examples=2000)
@given(st.lists(st.one_of(st.sampled_from(NAMES), st.sampled_from(ODD)), max_size=8).map("/".join))
def test_raw_paths_never_climb(tree: Path, path: str) -> None:
    contents = got(tree / "www", path, Symlinks.NONE)
    assert contents is None or contents.startswith(f"{tree}/www/")
    if ".." in path.split("/"):
        assert got(tree / "www", path, Symlinks.FOLLOW) is None


@contextmanager
def exchanging(*names: Path) -> Iterator[None]:
    """Meanwhile, the names go round among the things that they name."""
    stop = threading.Event()

    def exchange() -> None:
        spare = names[0].with_name("spare")
        while not stop.is_set():
            names[0].rename(spare)
            names[1].rename(names[0])
            spare.rename(names[1])

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("symlinks", [Symlinks.NONE, Symlinks.IF_OWNER_MATCHES])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_exchanging_a_folder_and_a_link_gains_nothing(tmp_path: Path, symlinks: Symlinks) -> None:
    for name in ("www/here/file", "outside/file"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "www/there").symlink_to("../outside")
    os.chown(tmp_path / "www/there", 65534, -1, follow_symlinks=False)
    files = Files()
    seen: set[str] = set()

    def look() -> bool:
        for _ in range(3000):
            try:
                file = files.open(str(tmp_path / "www"), "here/file", symlinks)
            except OSError as error:
                seen.add(type(error).__name__)
            else:
                assert file.data is not None
                seen.add(file.data.decode())
        return {"www/here/file", "LinkRefusedError"} <= seen

    with exchanging(tmp_path / "www/here", tmp_path / "www/there"):
        until(look, "the folder, and the link in its place", 40)
    assert "outside/file" not in seen
