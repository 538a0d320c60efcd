"""The page: each cause with its count, clients, hosts, first and last time, and what to do."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from prefork_ssl.modules.ssl.log.reader.causes import Cause, named, total
from prefork_ssl.modules.ssl.log.reader.entries import Entry

# Without a terminal, lines are left whole, for other programs.
_UNBOUNDED = 10_000
_COLOURS = {"error": "bold red", "warn": "yellow"}
# Clients and hosts that are named of each cause.
_NAMED = 3


def console() -> Console:
    """Standard output; colours and folded lines on a terminal only."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)


def show(console: Console, content: RenderableType) -> None:
    """Print, without blanks at the ends of lines where other programs may read them."""
    if console.is_terminal:
        console.print(content)
        return
    with console.capture() as captured:
        console.print(content)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()), flush=True)


def page(causes: Sequence[Cause], most: int | None = None) -> RenderableType:
    """All causes, or the first `most` of them."""
    if not causes:
        return Text("No failures.")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for cause in causes[:most]:
        table.add_row(Text(str(cause.count), "bold"), _described(cause))
    left = len(causes) - len(causes[:most])
    more = f"; {left} more kinds are not shown" if left else ""
    kinds = f"{len(causes)} kind{'s' * (len(causes) != 1)}"
    return Group(table, Text(f"{total(causes)} failures and findings of {kinds}{more}."))


def line(entry: Entry) -> Text:
    """One entry, as it comes."""
    who = f"{entry.client} -> {entry.host}" if entry.client else entry.host
    count = f"{entry.count} x " if entry.count > 1 else ""
    text = Text.assemble(
        f"{entry.time}  ", (f"{count}{entry.message}", _COLOURS.get(entry.level, "")), f"  {who}"
    )
    return text.append(f"  {entry.hint}", "green") if entry.hint else text


def _described(cause: Cause) -> Text:
    text = Text().append(cause.message, _COLOURS.get(cause.level, "bold"))
    times = cause.first if cause.first == cause.last else f"{cause.first} to {cause.last}"
    facts = {
        cause.level if cause.level in _COLOURS else "": times,
        "clients": named(cause.clients, _NAMED),
        "hosts": named(cause.hosts, _NAMED),
    }
    text.append("\n" + "  ".join(f"{name} {value}".strip() for name, value in facts.items() if value), "dim")
    if cause.hint:
        text.append(f"\n{cause.hint}", "green")
    return text.append("\n")
