"""The cells of a listing's rows, as HTML."""

from __future__ import annotations

import time

from prefork_ssl.modules.autoindex.kinds import kind_of
from prefork_ssl.modules.autoindex.names import linked, shown
from prefork_ssl.modules.autoindex.reading import Entry

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def name_cell(entry: Entry, *, icons: bool) -> str:
    """The name as a link. A name is written in its own direction."""
    kind = "folder" if entry.is_folder else kind_of(entry.name)
    icon = f'<svg aria-hidden="true"><use href="#{kind}"/></svg>' if icons else ""
    slash = "/" * entry.is_folder
    link = f'<a href="{linked(entry.name, is_folder=entry.is_folder)}">{icon}<bdi>{shown(entry.name)}{slash}</bdi></a>'
    return f'<th scope="row" class="name">{link}</th>'


def time_cell(entry: Entry) -> str:
    """The time of modification in the server's time zone (ISO 8601), to the second and with the zone for programs."""
    try:
        moment = time.localtime(entry.modified)
    except (OverflowError, OSError):  # a file system may hold times that no calendar has
        return '<td class="modified"></td>'
    exact = time.strftime("%Y-%m-%dT%H:%M:%S%z", moment)
    day, clock = exact[:-14], exact[-13:-8]
    return f'<td class="modified"><time datetime="{exact}">{day}<span> {clock}</span></time></td>'


def size_cell(entry: Entry) -> str:
    """The size to two or three digits, exact for programs; nothing for folders."""
    if entry.is_folder:
        return '<td class="size"></td>'
    return f'<td class="size"><data value="{entry.size}">{readable_size(entry.size)}</data></td>'


def description_cell(text: str) -> str:
    """What AddDescription says, which is HTML."""
    return f'<td class="description">{text}</td>'


def readable_size(size: int) -> str:
    """Bytes in the unit that leaves one to three digits: "17 B", "1.4 KiB", "999 MiB"."""
    if size < 1024:
        return f"{size} B"
    number = float(size)
    for unit in _UNITS:
        number /= 1024
        if number < 999.5:
            return f"{number:.1f} {unit}" if number < 9.95 else f"{number:.0f} {unit}"
    return f"{number:.0f} {_UNITS[-1]}"
