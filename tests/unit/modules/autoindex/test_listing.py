"""What a folder's page shows, and in which order."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from unit.modules.asking import body_of
from unit.modules.autoindex.listing import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.path.mkdir(parents=True)
    return made


def fill(folder: Folder, *names: str) -> None:
    """Files of growing size and age; names with a slash at the end are folders."""
    for number, name in enumerate(names):
        path = folder.path / name
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(b"x" * (number + 1))
        moment = 1_700_000_000 - number * 86_400
        os.utime(path, (moment, moment))


def test_without_options_indexes_there_is_no_handler(folder: Folder) -> None:
    folder.lines = ["Options FollowSymLinks"]
    assert folder.ask() is None
    folder.lines = ["Options All"]
    assert folder.ask() is not None


def test_folders_come_first_and_hidden_files_not_at_all(folder: Folder) -> None:
    fill(folder, "b.txt", "z/", ".hidden", "a.txt", ".git/", "c/")
    page = folder.page()
    assert page.names == ["c/", "z/", "a.txt", "b.txt"]
    assert page.rows[0][:2] == ("../", "Parent folder")
    assert "2 folders, 2 files" in page.text
    folder.lines = ["IndexOptions -FoldersFirst"]
    assert folder.names() == ["a.txt", "b.txt", "c/", "z/"]


def test_what_a_row_tells(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    fill(folder, "f", "d/")
    html = body_of(folder.ask() or pytest.fail("no page")).decode()
    monkeypatch.undo()
    time.tzset()
    assert '<time datetime="2023-11-14T23:13:20+0100">2023-11-14<span> 23:13</span></time>' in html
    assert '<data value="1">1 B</data>' in html
    assert '<a href="d/">' in html


@pytest.mark.parametrize(
    ("query", "names", "head"),
    [
        ("", ["d/", "c", "e", "f"], ("Name", "ascending")),
        ("?C=N;O=D", ["d/", "f", "e", "c"], ("Name", "descending")),
        ("?C=M;O=A", ["d/", "c", "f", "e"], ("Modified", "ascending")),
        ("?C=M&O=D", ["d/", "e", "f", "c"], ("Modified", "descending")),
        ("?C=S", ["d/", "e", "f", "c"], ("Size", "ascending")),
        ("?C=S;O=D", ["d/", "c", "f", "e"], ("Size", "descending")),
        ("?C=X;O=X;page=x", ["d/", "c", "e", "f"], ("Name", "ascending")),
        ("?O=D", ["d/", "f", "e", "c"], ("Name", "descending")),
        ("?%00&&;=;;C", ["d/", "c", "e", "f"], ("Name", "ascending")),
    ],
)
def test_the_query_decides_the_order(
    folder: Folder, query: str, names: list[str], head: tuple[str, str]
) -> None:
    fill(folder, "e", "f", "c", "d/")
    page = folder.page(query)
    assert page.names == names
    assert [(title, state) for title, (_link, state) in page.heads.items() if state] == [head]


def test_heads_turn_the_order_round(folder: Folder) -> None:
    fill(folder, "a")
    links = {title: link for title, (link, _state) in folder.page("?C=S;O=D").heads.items()}
    assert links == {"Name": "?C=N;O=A", "Modified": "?C=M;O=D", "Size": "?C=S;O=A"}


def test_equal_entries_are_ordered_by_name(folder: Folder) -> None:
    for name in "cabd":
        (folder.path / name).write_bytes(b"same")
    assert folder.names("?C=S") == ["a", "b", "c", "d"]
    assert folder.names("?C=S;O=D") == ["d", "c", "b", "a"]


def test_default_order_and_clients_that_are_not_heeded(folder: Folder) -> None:
    fill(folder, "a", "b", "c")
    folder.lines = ["IndexOrderDefault Descending Size"]
    assert folder.names() == ["c", "b", "a"]
    assert folder.names("?C=N") == ["a", "b", "c"]
    assert folder.names("?O=A") == ["a", "b", "c"]
    folder.lines += ["IndexOptions IgnoreClient"]
    page = folder.page("?C=N;P=a")
    assert page.names == ["c", "b", "a"]
    assert {link for link, _state in page.heads.values()} == {""}
    assert page.values == {}


def test_versions_and_case(folder: Folder) -> None:
    fill(folder, "File10", "file9", "file010", "File1", "a", "filé", "file")
    assert folder.names() == ["File1", "File10", "a", "file", "file010", "file9", "filé"]
    folder.lines = ["IndexOptions IgnoreCase"]
    assert folder.names() == ["a", "file", "file010", "File1", "File10", "file9", "filé"]
    folder.lines = ["IndexOptions IgnoreCase VersionSort"]
    assert folder.names() == ["a", "file", "File1", "file9", "File10", "file010", "filé"]


def test_columns_can_be_left_out(folder: Folder) -> None:
    fill(folder, "manual.pdf")
    folder.lines = ['AddDescription "The <em>manual</em>" .pdf']
    html = body_of(folder.ask("?C=D") or pytest.fail("no page"))
    assert b'<td class="description">The <em>manual</em></td>' in html
    folder.lines += ["IndexOptions SuppressDescription SuppressSize SuppressLastModified SuppressIcon"]
    page = folder.page()
    assert list(page.heads) == ["Name"]
    assert b"<svg" not in body_of(folder.ask() or pytest.fail("no page"))
    folder.lines = ["IndexOptions SuppressColumnSorting"]
    assert {link for link, _state in folder.page().heads.values()} == {""}


@pytest.mark.parametrize(
    ("file", "fits"),
    [
        (".pdf", ["b.pdf"]),
        ("b.pdf", ["b.pdf"]),
        ("*.p?f", ["b.pdf"]),
        ("/list/b", ["b.pdf"]),
        ("/lis/b", []),
        ("list", []),
    ],
)
def test_descriptions_by_extension_name_pattern_and_path(folder: Folder, file: str, fits: list[str]) -> None:
    fill(folder, "a.txt", "b.pdf")
    folder.lines = [f"AddDescription told {file}"]
    assert [name for _link, name, cells in folder.page().entries if cells[-1] == "told"] == fits


def test_ignored_names(folder: Folder) -> None:
    fill(folder, "a~", "b.bak", ".htaccess", "README", "c", "RCS/")
    folder.lines = ["IndexIgnore *~ *.bak", "IndexIgnore README*", "IndexIgnore RCS"]
    assert folder.names() == ["c"]
    folder.lines = ["IndexIgnore c", "IndexIgnoreReset on", "IndexIgnore *~"]
    assert folder.names() == ["RCS/", ".htaccess", "README", "b.bak", "c"]
    folder.lines = ["IndexIgnore c", "IndexIgnoreReset off"]
    assert "c" not in folder.names()


def test_links_are_shown_as_far_as_they_may_be_followed(folder: Folder) -> None:
    fill(folder, "plain")
    (folder.top / "target").mkdir()
    (folder.path / "mine").symlink_to(folder.top / "target")
    (folder.path / "dangling").symlink_to("nowhere")
    (folder.path / "circle").symlink_to("circle")
    for options, names in {
        "Indexes": ["plain"],
        "Indexes SymLinksIfOwnerMatch": ["mine/", "plain"],
        "Indexes FollowSymLinks": ["mine/", "plain"],
    }.items():
        folder.lines = [f"Options {options}"]
        assert folder.names() == names


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_links_to_what_belongs_to_another(folder: Folder) -> None:
    target = folder.top / "target"
    target.write_text("")
    os.chown(target, 12345, -1)
    (folder.path / "others").symlink_to(target)
    folder.lines = ["Options Indexes SymLinksIfOwnerMatch"]
    assert folder.names() == []
    folder.lines = ["Options Indexes FollowSymLinks"]
    assert folder.names() == ["others"]


def test_what_no_request_could_open_is_not_shown(folder: Folder) -> None:
    fill(folder, "plain")
    os.mkfifo(folder.path / "pipe")
    assert folder.names() == ["plain"]


def test_searching(folder: Folder) -> None:
    fill(folder, *(f"name-{number}" for number in range(20)), "Other", "100%[x]")
    page = folder.page("?P=OTH")
    assert (page.names, page.values["P"]) == (["Other"], "OTH")
    assert folder.names("?P=n*-1?") == [f"name-{number}" for number in range(10, 20)]
    assert folder.names("?P=100%25") == ["100%[x]"]
    nothing = folder.page("?P=%22%3E%3Cscript%3E")
    assert nothing.names == []
    assert nothing.values["P"] == '"><script>'
    assert "No name here fits." in nothing.text
    assert "P=OTH" in next(link for link, _state in page.heads.values())


def test_an_empty_folder(folder: Folder) -> None:
    page = folder.page()
    assert page.names == []
    assert "This folder is empty." in page.text
    assert page.values == {}


def test_pages_of_a_long_listing(folder: Folder) -> None:
    for number in range(2500):
        (folder.path / f"{number:04}").touch()
    for number in range(600):
        (folder.path / f"d{number:03}").mkdir()
    first, second, last = (folder.page(query) for query in ("", "?page=2", "?page=9999999"))
    assert first.names == [f"d{n:03}/" for n in range(600)] + [f"{n:04}" for n in range(400)]
    assert second.names == [f"{n:04}" for n in range(400, 1400)]
    assert last.names == [f"{n:04}" for n in range(2400, 2500)]
    assert "Page 1 of 4" in first.pages
    assert "600 folders, 2,500 files" in first.text
    descending = folder.page("?C=N;O=D;page=4")
    assert descending.names == [f"{n:04}" for n in range(99, -1, -1)]
    mixed = Folder(folder.top, ["IndexOptions -FoldersFirst"])
    assert mixed.names("?page=4") == [f"d{n:03}/" for n in range(500, 600)]


def test_the_trail_leads_up(folder: Folder) -> None:
    html = body_of(folder.ask() or pytest.fail("no page")).decode()
    assert (
        '<h1><a href="../"><bdi>www.example.com</bdi></a><span class="slash">/</span><bdi>list</bdi></h1>'
        in html
    )
    assert "<title>Index of /list/</title>" in html


def test_unchanged_pages_are_not_sent_again(folder: Folder) -> None:
    fill(folder, "a")
    first = folder.ask()
    assert first is not None
    headers = dict(first.headers)
    again = folder.ask(If_None_Match=headers["ETag"])
    assert again is not None
    assert (again.status, again.body) == (304, b"")
    fill(folder, "b")
    changed = folder.ask(If_None_Match=headers["ETag"])
    assert changed is not None
    assert changed.status == 200
    assert dict(changed.headers)["ETag"] != headers["ETag"]


def test_head_and_other_methods(folder: Folder) -> None:
    fill(folder, "a")
    page, head, post = folder.ask(), folder.ask(method="HEAD"), folder.ask(method="POST")
    assert page is not None
    assert head is not None
    assert post is not None
    assert (head.status, head.body, head.length) == (200, None, len(body_of(page)))
    assert (post.status, dict(post.headers)["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_policy_forbids_scripts(folder: Folder) -> None:
    def policy() -> str:
        response = folder.ask()
        assert response is not None
        return dict(response.headers)["Content-Security-Policy"]

    assert policy().startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy()
    folder.lines = ["IndexStyleSheet /site.css"]
    assert "' 'self'; img-src" in policy()
    folder.lines = [
        "IndexStyleSheet https://cdn.example/x.css",
        'IndexHeadInsert "<meta name=robots content=none>"',
    ]
    assert "' https://cdn.example; img-src" in policy()
    html = body_of(folder.ask() or pytest.fail("no page"))
    assert (
        b'<link rel="stylesheet" href="https://cdn.example/x.css">\n<meta name=robots content=none>' in html
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(folder: Folder) -> None:
    folder.path.chmod(0o311)
    response = folder.ask()
    assert response is not None
    assert response.status == 403
