"""The page: each cause with its count, when it happened, to whom, and what to do."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from prefork_ssl.modules.ssl.log.reader.causes import OTHERS, Cause, named, total
from prefork_ssl.modules.ssl.log.reader.entries import Entry

# Without a terminal, lines are left whole, for other programs.
_UNBOUNDED = 10_000
_COLOURS = {"error": "bold red", "warn": "bold yellow"}
# Clients and hosts, and hints, that are shown of each cause.
_NAMED, _HINTS = 3, 2
_DAY = len("2026-11-24 ")
_NOTHING = Text("No failures.")


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


def page(causes: Sequence[Cause]) -> RenderableType:
    """All causes, and their sum below."""
    return Group(_table(causes), _summary(causes)) if causes else _NOTHING


def view(causes: Sequence[Cause], most: int) -> RenderableType:
    """The first `most` causes, and the sum of all above: what does not fit on a screen is cut off at its end."""
    return Group(_summary(causes), "", _table(causes[:most])) if causes else _NOTHING


def line(entry: Entry) -> Text:
    """One entry, as it comes."""
    who = f"{entry.client} -> {entry.host}" if entry.client else entry.host
    count = f"{entry.count} x " if entry.count > 1 else ""
    text = Text.assemble(
        f"{entry.time}  ",
        (f"{_severity(entry.level)}{count}{entry.message}", _COLOURS.get(entry.level, "")),
        f"  {who}",
    )
    return text.append(f"  {entry.hint}", "green") if entry.hint else text


def _table(causes: Sequence[Cause]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(justify="right")
    table.add_column()
    for cause in causes:
        table.add_row(Text(f"{cause.count:,}", "bold"), _described(cause))
    return table


def _summary(causes: Sequence[Cause]) -> Text:
    count, kinds = total(causes), len(causes)
    began, ended = min(cause.first for cause in causes), max(cause.last for cause in causes)
    what = f"{count:,} failures and findings" if count > 1 else "1 failure or finding"
    return Text(f"{what} of {kinds} kind{_s(kinds)}, {_period(began, ended)}.", "bold")


def _described(cause: Cause) -> RenderableType:
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    facts.add_row("when", _period(cause.first, cause.last))
    if cause.clients:
        facts.add_row("who", named(cause.clients, _NAMED))
    if cause.hosts:
        facts.add_row("where", named(cause.hosts, _NAMED))
    for hint in _hints(cause.hints):
        facts.add_row("do", Text(hint, "green"))
    title = Text(f"{_severity(cause.level)}{cause.message}", _COLOURS.get(cause.level, "bold"))
    return Group(title, facts, "")


def _severity(level: str) -> str:
    """What clients do is no matter of severity."""
    return f"{level.upper()} " if level in _COLOURS else ""


def _hints(hints: Counter[str]) -> Iterator[str]:
    """The most frequent ones; each with its number, if there are others."""
    shown = [(hint, count) for hint, count in hints.most_common() if hint != OTHERS][:_HINTS]
    for hint, count in shown:
        yield f"{count:,} x {hint}" if len(hints) > 1 else hint
    if more := len(hints) - len(shown):
        yield f"and {more} other hint{_s(more)} in the log"


def _period(first: str, last: str) -> str:
    """Without the day where that goes without saying."""
    if first == last:
        return first
    return f"{first} to {last[_DAY:] if first[:_DAY] == last[:_DAY] else last}"


def _s(count: int) -> str:
    return "s" * (count != 1)
