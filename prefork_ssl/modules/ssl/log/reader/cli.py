"""The program prefork-ssl-log."""

from __future__ import annotations

import argparse
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from prefork_ssl.modules.ssl.log.reader import report
from prefork_ssl.modules.ssl.log.reader.causes import Causes
from prefork_ssl.modules.ssl.log.reader.entries import Entry, entry
from prefork_ssl.modules.ssl.log.reader.since import parse_since, seek_time, time_of
from prefork_ssl.modules.ssl.log.reader.source import follow, lines

PROGRAM = "prefork-ssl-log"
# Bytes that are read before a bar could be seen.
_QUICK = 16 << 20
# Lines that a cause takes on a terminal, more or less.
_LINES_OF_CAUSE = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Show what an SSL log tells of; `arguments` are those of the process by default.

    Returns:
        The exit status: 0 done, 1 not done (one line on standard error says why). argparse exits with 2.
    """
    parser = _parser()
    args = parser.parse_args(arguments)
    if args.follow and args.file == "-":
        parser.error("--follow needs a file")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack the characters
    try:
        with _opened(args.file) as file:
            _show(file, args.since, Path(args.file) if args.follow else None)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{PROGRAM}: {args.file}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Shows the failures in an SSL log (SSLLog, text or JSON), those of one cause together: how many, "
        "of which clients, when first and last, and what to do.",
        epilog=f"Examples:  {PROGRAM} --since 2h logs/ssl_engine_log    zcat logs/ssl_engine_log.*.gz | {PROGRAM} -",
        allow_abbrev=False,
    )
    parser.add_argument("file", metavar="FILE", help="the log; - is standard input")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is written from now on")
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_time,
        help="leave out what is older: 2026-11-23, '2026-11-23 10:30', 10:30, or 30min, 2h, 3d ago",
    )
    return parser


def _time(text: str) -> datetime:
    try:
        return parse_since(text, datetime.now())
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-11-23, 10:30 or 2h") from None


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        if stat.S_ISDIR(os.fstat(file.fileno()).st_mode):  # pragma: no cover - open() refuses it
            raise IsADirectoryError
        yield file


def _show(file: BinaryIO, since: datetime | None, followed: Path | None) -> None:
    causes = Causes()
    size = os.fstat(file.fileno()).st_size
    if since is not None and file.seekable():
        seek_time(file, size, since)
    with _progress(size - (file.tell() if file.seekable() else 0)) as advance:
        for found in _entries(lines(file, advance, growing=followed is not None), since):
            causes.add(found)
    console = report.console()
    if followed is None:
        report.show(console, report.page(causes.sorted()))
    elif console.is_terminal:
        _watch(console, causes, follow(followed, file))
    else:
        _print(console, causes, follow(followed, file))


def _entries(batches: Iterable[list[bytes]], since: datetime | None) -> Iterator[Entry]:
    for batch in batches:
        for line in batch:
            found = entry(line)
            if found is not None and (since is None or _not_before(line, since)):
                yield found


def _not_before(line: bytes, since: datetime) -> bool:
    written = time_of(line)
    return written is not None and written >= since


def _watch(console: Console, causes: Causes, batches: Iterable[list[bytes]]) -> None:
    """A page that changes: what has happened last is first."""
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        most = console.height // _LINES_OF_CAUSE + 1
        live.update(report.view(causes.recent(), most), refresh=True)
        for batch in batches:
            for found in _entries([batch], None):
                causes.add(found)
            if batch:
                live.update(report.view(causes.recent(), most), refresh=True)


def _print(console: Console, causes: Causes, batches: Iterable[list[bytes]]) -> None:
    """The page, and then a line for each failure."""
    report.show(console, report.page(causes.sorted()))
    for batch in batches:
        for found in _entries([batch], None):
            report.show(console, report.line(found))


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, on standard error."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    quick = size < _QUICK or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=quick) as progress:
        task = progress.add_task("", total=size)
        yield lambda count: progress.update(task, advance=count)
