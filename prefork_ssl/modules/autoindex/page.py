"""The page that shows a listing: HTML that is readable without style, and works without scripts."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from prefork_ssl.modules.autoindex.contents import Contents
from prefork_ssl.modules.autoindex.names import shown
from prefork_ssl.modules.autoindex.ordering import Column, Order
from prefork_ssl.modules.autoindex.reading import Entry, paced
from prefork_ssl.modules.autoindex.rows import description_cell, name_cell, size_cell, time_cell
from prefork_ssl.modules.autoindex.view import View

_HERE = files("prefork_ssl.modules.autoindex")
_STYLE = _HERE.joinpath("listing.css").read_text("utf-8")
_ICONS = _HERE.joinpath("icons.svg").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")

# Entries from which on there is a field to search for names.
_MANY = 12

_TITLES = {
    Column.NAME: "Name",
    Column.MODIFIED: "Modified",
    Column.SIZE: "Size",
    Column.DESCRIPTION: "Description",
}
# Whoever sorts by time or size for the first time wants the newest or largest.
_DESCENDING_FIRST = (Column.MODIFIED, Column.SIZE)


@dataclass(frozen=True, slots=True)
class Look:
    """What the configuration says about the page."""

    columns: tuple[Column, ...]
    sortable: bool
    icons: bool
    style_sheet: str
    head: str

    def policy(self) -> str:
        """Content-Security-Policy: no scripts, only the page's own style; images for the files that are put in."""
        styles = f"'sha256-{_STYLE_HASH}'"
        if self.style_sheet:
            parts = urlsplit(self.style_sheet)
            styles += f" {parts.scheme}://{parts.netloc}" if parts.netloc else " 'self'"
        return (
            f"default-src 'none'; style-src {styles}; img-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
        )


def render(look: Look, host: str, path: str, view: View, contents: Contents, above: str, below: str) -> bytes:
    """The page about the folder at the URL path `path` (decoded). `above` and `below` are HTML to put in."""
    sheet = f'<link rel="stylesheet" href="{html.escape(look.style_sheet)}">\n' if look.style_sheet else ""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Index of {shown(path)}</title>\n<style>{_STYLE}</style>\n{sheet}{look.head}</head>\n<body>\n"
        f"{_ICONS if look.icons else ''}"
        f"{_aside('header', above)}<main>\n<h1>{_trail(host, path)}</h1>\n"
        f"{_tools(look, view, contents)}{_table(look, path, view, contents)}"
        f"{_pages(view, contents)}</main>\n{_aside('footer', below)}</body>\n</html>\n"
    )
    return page.encode("utf-8", "replace")


def _aside(element: str, content: str) -> str:
    return f"<{element}>\n{content}\n</{element}>\n" if content else ""


def _trail(host: str, path: str) -> str:
    """Where we are, each folder above as a link. The links are relative: the path may begin as it likes."""
    names = [host or "/", *(name for name in path.split("/") if name)]
    links = [
        f'<a href="{"../" * (len(names) - 1 - above)}"><bdi>{shown(name)}</bdi></a>'
        for above, name in enumerate(names[:-1])
    ]
    return '<span class="slash">/</span>'.join([*links, f"<bdi>{shown(names[-1])}</bdi>"])


def _tools(look: Look, view: View, contents: Contents) -> str:
    """How much there is, and the search for names in it."""
    total = contents.folders + contents.files
    count = f"{_counted(contents.folders, 'folder')}, {_counted(contents.files, 'file')}"
    search = _search(view) if look.sortable and (view.pattern or total > _MANY) else ""
    return f'<div class="tools">\n<p>{count}</p>\n{search}</div>\n'


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _search(view: View) -> str:
    direction = "D" if view.order.descending else "A"
    everything = '<a href="./">Show all</a>\n' if view.pattern else ""
    return (
        f'<form role="search">\n{everything}'
        f'<input type="hidden" name="C" value="{view.order.column.value}">'
        f'<input type="hidden" name="O" value="{direction}">\n'
        f'<input type="search" name="P" value="{shown(view.pattern)}" maxlength="100" '
        'placeholder="Find names" aria-label="Find names" autocomplete="off" spellcheck="false">\n'
        '<button type="submit">Find</button>\n</form>\n'
    )


def _table(look: Look, path: str, view: View, contents: Contents) -> str:
    cells = {
        Column.NAME: lambda entry: name_cell(entry, icons=look.icons),
        Column.MODIFIED: time_cell,
        Column.SIZE: size_cell,
        Column.DESCRIPTION: lambda entry: description_cell(contents.describe(entry.name)),
    }
    shape = "described" if Column.DESCRIPTION in look.columns else "plain"
    heads = "".join(_head(look, view, column) for column in look.columns)
    rows = _rows([cells[column] for column in look.columns], contents.entries)
    parent = "" if path == "/" else _parent(look)
    return (
        f'<table class="{shape}">\n<thead>\n<tr>{heads}</tr>\n</thead>\n<tbody>\n{parent}{rows}</tbody>\n'
        f"</table>\n{'' if contents.entries else _nothing(view)}"
    )


def _rows(cells: Sequence[Callable[[Entry], str]], entries: Iterable[Entry]) -> str:
    return "".join(f"<tr>{''.join([cell(entry) for cell in cells])}</tr>\n" for entry in paced(entries))


def _head(look: Look, view: View, column: Column) -> str:
    """The head of a column: a link that sorts by it, and turns the order round when it is sorted by it already."""
    title, kind = _TITLES[column], column.name.lower()
    sorted_by = view.order.column is column
    state = ""
    if sorted_by:
        state = f' aria-sort="{"descending" if view.order.descending else "ascending"}"'
    if look.sortable:
        descending = not view.order.descending if sorted_by else column in _DESCENDING_FIRST
        there = View(Order(column, descending), view.pattern).query()
        title = f'<a href="{html.escape(there)}">{title}</a>'
    return f'<th scope="col" class="{kind}"{state}>{title}</th>'


def _parent(look: Look) -> str:
    icon = '<svg aria-hidden="true"><use href="#up"/></svg>' if look.icons else ""
    empty = "".join(f'<td class="{column.name.lower()}"></td>' for column in look.columns[1:])
    return f'<tr><th scope="row" class="name"><a href="../">{icon}Parent folder</a></th>{empty}</tr>\n'


def _nothing(view: View) -> str:
    return f'<p class="nothing">{"No name here fits." if view.pattern else "This folder is empty."}</p>\n'


def _pages(view: View, contents: Contents) -> str:
    """The way to other pages of a long listing."""
    if contents.pages == 1:
        return ""
    here = contents.page
    links = (
        _page_link(view, 1, "First", shown=here > 1),
        _page_link(view, here - 1, "Previous", shown=here > 1),
        f'<span aria-current="page">Page {here:,} of {contents.pages:,}</span>',
        _page_link(view, here + 1, "Next", shown=here < contents.pages),
        _page_link(view, contents.pages, "Last", shown=here < contents.pages),
    )
    return f'<nav aria-label="Pages">\n{"".join(links)}\n</nav>\n'


def _page_link(view: View, number: int, title: str, *, shown: bool) -> str:
    if not shown:
        return f'<span class="off">{title}</span>'
    return f'<a href="{html.escape(view._replace(page=number).query())}">{title}</a>'
