"""A listing as a browser reads it: rows with links and cells, and whether every element is one of ours."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote

VOID = {"meta", "input", "link", "use", "path"}
# What the page is made of, and which attributes its elements may have.
OURS: dict[str, set[str]] = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "name", "content"},
    "title": set(),
    "style": set(),
    "body": set(),
    "svg": {"class", "aria-hidden"},
    "symbol": {"id", "viewbox"},
    "path": {"d", "class"},
    "use": {"href"},
    "main": set(),
    "h1": set(),
    "a": {"href"},
    "bdi": set(),
    "span": {"class", "aria-current"},
    "div": {"class"},
    "p": {"class"},
    "form": {"role"},
    "input": {
        "type",
        "name",
        "value",
        "maxlength",
        "placeholder",
        "aria-label",
        "autocomplete",
        "spellcheck",
    },
    "button": {"type"},
    "table": {"class"},
    "thead": set(),
    "tbody": set(),
    "tr": set(),
    "th": {"scope", "class", "aria-sort"},
    "td": {"class"},
    "time": {"datetime"},
    "data": {"value"},
    "nav": {"aria-label"},
}


class Page(HTMLParser):
    """`rows` are (link, text of the name, other cells), the row of the parent folder included; `heads` are (link,
    aria-sort) by their texts; `foreign` is what no listing has; `values` are those of input fields."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.rows: list[tuple[str, str, list[str]]] = []
        self.heads: dict[str, tuple[str, str]] = {}
        self.foreign: list[str] = []
        self.values: dict[str, str] = {}
        self.title = self.h1 = self.text = self.pages = ""
        self._open: list[str] = []
        self._link = ""
        self._cells: list[str] = []
        self._state = ""
        self.feed(html.decode("utf-8"))
        self.close()
        assert self._open == [], f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.foreign += [f"{tag} {name}" for name in given if name not in OURS.get(tag, set())]
        self.foreign += [] if tag in OURS else [tag]
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self._cells, self._link = [], ""
        elif tag in ("th", "td"):
            self._cells.append("")
            self._state = given.get("aria-sort") or ""
            self._link = "" if tag == "th" else self._link
        elif tag == "a":
            self._link = given["href"] or ""
        elif tag == "input":
            self.values[given["name"] or ""] = given["value"] or ""

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        if tag == "th" and "thead" in self._open:
            self.heads[self._cells[-1]] = (self._link, self._state)
        elif tag == "tr" and "tbody" in self._open:
            self.rows.append((self._link, self._cells[0], self._cells[1:]))

    def handle_data(self, data: str) -> None:
        if {"th", "td"} & set(self._open):
            self._cells[-1] += data
        elif "h1" in self._open:
            self.h1 += data
        elif "title" in self._open:
            self.title += data
        elif "nav" in self._open:
            self.pages += data
        elif "style" not in self._open:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"comment {data}")

    @property
    def entries(self) -> list[tuple[str, str, list[str]]]:
        """The rows without that of the parent folder."""
        return [row for row in self.rows if row[0] != "../"]

    @property
    def names(self) -> list[str]:
        """The names of the entries, as their links have them."""
        return [unquote(link, errors="surrogateescape") for link, _text, _cells in self.entries]
