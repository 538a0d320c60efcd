"""On a terminal, and for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from prefork_ssl.modules.ssl.context.protocols import NAMES
from prefork_ssl.modules.ssl.sessions.records import Label
from prefork_ssl.modules.ssl.sessions.stores.store import Extent

_UNBOUNDED = 10_000
# What can be told of hits and misses together.
_ASKED = ("hits", "misses")


def show_facts(cache: str, extent: Extent, counters: Mapping[str, int] | None, *, as_json: bool) -> None:
    """How much is in the cache, and what the running server has counted; None if there is none."""
    if as_json:
        print(json.dumps({"cache": cache, **asdict(extent), "counters": counters}))
        return
    console = Console(highlight=False, soft_wrap=True)
    facts = dict((*_facts(cache, extent), *_counted(counters)))
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        console.print(Text.assemble((f"{name.replace('_', ' '):{width}}", "bold"), value))


def _facts(cache: str, extent: Extent) -> Iterator[tuple[str, str]]:
    yield "cache", cache
    yield "entries", str(extent.entries)
    limit = f" of {extent.limit} ({extent.size / extent.limit:.0%})" if extent.limit else ""
    yield "bytes", f"{extent.size}{limit}"
    if extent.entries:
        yield "oldest", f"expires {_when(extent.oldest)}"


def _counted(counters: Mapping[str, int] | None) -> Iterator[tuple[str, str]]:
    if counters is None:
        yield "counters", "the server does not run"
        return
    asked = sum(counters[name] for name in _ASKED)
    for name, total in counters.items():
        share = f" ({total / asked:.0%})" if name in _ASKED and asked else ""
        yield name, f"{total}{share}"


def show_sessions(sessions: Iterable[tuple[bytes, Label]], *, as_json: bool) -> None:
    """One line for each session, those that expire first at the top."""
    ordered = sorted(sessions, key=lambda session: session[1].expiry)
    if as_json:
        for session_id, label in ordered:
            print(json.dumps({"id": session_id.hex().upper(), **asdict(label), "protocol": _protocol(label)}))
        return
    # Without a terminal, a line for each session, however long.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
    table = Table("id", "host", "protocol", "expires", box=None, padding=(0, 2, 0, 0))
    for session_id, label in ordered:
        table.add_row(session_id.hex().upper(), Text(label.host), _protocol(label), _when(label.expiry))
    console.print(table)


def _protocol(label: Label) -> str:
    return NAMES.get(label.protocol, hex(label.protocol))


def _when(expiry: float) -> str:
    left = expiry - time.time()
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(expiry))
    return f"in {left:.0f} s ({clock})" if left > 0 else f"{-left:.0f} s ago, to be swept ({clock})"
