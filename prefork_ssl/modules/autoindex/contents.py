"""What one page shows of a folder: which entries, in which order, from where to where."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from prefork_ssl.kernel.files.paths import Symlinks
from prefork_ssl.modules.autoindex.descriptions import Description, describing
from prefork_ssl.modules.autoindex.ordering import Column, Key, Pile, order_key
from prefork_ssl.modules.autoindex.reading import Entry, looked_up, paced, read_entries
from prefork_ssl.modules.autoindex.view import View

# Entries on one page: what a browser shows at once, and what a worker keeps in memory for a slow client.
_PAGE = 1000


class Contents(NamedTuple):
    """The entries on the page number `page` of `pages` (at least 1), and how many folders and files the view has in
    all. `changed` is when the folder or an entry on the page was last modified, in seconds since 1970; `describe` gives
    the description of a name."""

    entries: Sequence[Entry]
    folders: int
    files: int
    page: int
    pages: int
    changed: int
    describe: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What the configuration says about which entries are listed, and how they are ordered."""

    symlinks: Symlinks
    ignored: re.Pattern[str]
    by_name: Key
    folders_first: bool
    descriptions: tuple[Description, ...]

    def contents(self, fd: int, path: str, view: View, admits: Callable[[Entry], bool]) -> Contents:
        """Read the folder `path`, open as `fd`; `admits` tells which entries may be seen. It may take seconds, in which
        others have their turns, and needs memory for the names of all entries. Raises OSError."""
        describe = describing(self.descriptions, path)
        key = order_key(view.order.column, self.by_name, describe)
        first, second = (Pile(key, descending=view.order.descending) for _ in range(2))
        folders = files = 0
        for entry in self._wanted(fd, view, admits):
            folders, files = folders + entry.is_folder, files + (not entry.is_folder)
            (second if self.folders_first and not entry.is_folder else first).add(entry)
        pages = max(-(-(folders + files) // _PAGE), 1)
        page = min(view.page, pages)
        start, behind = (page - 1) * _PAGE, len(first)
        chosen = first.take(start, start + _PAGE)
        chosen += second.take(max(start - behind, 0), max(start + _PAGE - behind, 0))
        shown = list(looked_up(fd, paced(chosen)))
        changed = max(int(os.fstat(fd).st_mtime), *(entry.modified for entry in shown), 0)
        return Contents(shown, folders, files, page, pages, changed, describe)

    def _wanted(self, fd: int, view: View, admits: Callable[[Entry], bool]) -> Iterator[Entry]:
        """The entries to list. Only where the order needs their sizes or times, all are looked at."""
        fits = view.matcher()
        entries = (
            entry
            for entry in read_entries(fd, self.symlinks)
            if not self.ignored.match(entry.name) and fits(entry.name) and admits(entry)
        )
        return looked_up(fd, entries) if view.order.column in (Column.MODIFIED, Column.SIZE) else entries
