"""Folders with names that somebody hostile has chosen: what is listed stays text and stays a link into the folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st
from unit.modules.autoindex.listing import Folder

_PIECES = (
    *(
        b"<script>alert(1)<",
        b'"><img src=x onerror=y>',
        b"'",
        b'"',
        b"&amp;",
        b"&#60;",
        b"<!--",
        b"-->",
        b"</bdi>",
    ),
    *(
        b"javascript:",
        b"data:",
        b"https:",
        b"\\\\host",
        b"%2f",
        b"%00",
        b"..",
        b"?C=M",
        b"#",
        b";",
        b"\n",
        b"\r\n",
    ),
    *(
        b"\t",
        b"\x7f",
        b"\xff",
        b"\xc3",
        b"\xe2\x80\xae",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"{0}",
        b"%s",
        b"\\",
        b" ",
    ),
)
NAMES = (
    st.lists(st.sampled_from(_PIECES) | st.binary(min_size=1, max_size=8), min_size=1, max_size=8)
    .map(b"".join)
    .map(lambda name: name.replace(b"/", b"|").replace(b"\0", b"0")[:255])
    .filter(lambda name: not name.startswith(b"."))
)
BASE = "http://www.example.com/list/"
QUERIES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60).map("?".__add__)


def make(top: str, names: set[bytes], folders: set[bytes]) -> Folder:
    """A folder with files and folders of these names."""
    folder = Folder(Path(top), ["IndexOptions IgnoreCase VersionSort"])
    folder.path.mkdir(parents=True)
    for name in names | folders:
        path = os.path.join(os.fsencode(folder.path), name)  # noqa: PTH118 - names are bytes
        if name in folders:
            os.mkdir(path)  # noqa: PTH102
        else:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    return folder


@settings(max_examples=150, deadline=None)
@given(names=st.sets(NAMES, max_size=20), folders=st.sets(NAMES, max_size=3))
@example(
    names={b"javascript:alert(1)", b"https:", b'"onmouseover="x', b"<script>", b"\xff\xfe"},
    folders={b"\\\\host"},
)
def test_every_name_is_a_link_to_its_file_and_nothing_else(names: set[bytes], folders: set[bytes]) -> None:
    with tempfile.TemporaryDirectory() as top:
        page = make(top, names, folders).page()
    found = set()
    for link, _text, _cells in page.entries:
        parts = urlsplit(urljoin(BASE, link))
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == (
            "http",
            "www.example.com",
            "",
            "",
        )
        assert parts.path.startswith("/list/")
        name = os.fsencode(unquote(parts.path.removeprefix("/list/"), errors="surrogateescape"))
        assert name.endswith(b"/") == (name.removesuffix(b"/") in folders)
        found.add(name.removesuffix(b"/"))
    assert found == names | folders


@settings(max_examples=150, deadline=None)
@given(
    names=st.sets(NAMES, max_size=8), query=QUERIES | NAMES.map(lambda name: "?P=" + name.decode("latin-1"))
)
@example(names={b"a"}, query="?P=[z-a]*[!]%FF%00;C=D")
@example(names={b"a" * 255}, query="?P=" + "*a" * 49 + "b")
def test_no_query_gets_anything_into_the_page(names: set[bytes], query: str) -> None:
    with tempfile.TemporaryDirectory() as top:
        page = make(top, names, set()).page(query)
    assert set(map(os.fsencode, page.names)) <= names
    assert {"P", "C", "O"} >= {name for name in page.values if name}
