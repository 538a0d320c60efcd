"""What is in a folder. Folders can be huge, and a look at each of their entries too: everything here comes bit by bit,
and lets others have the processor in between."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeVar

from gevent import get_hub

from prefork_ssl.kernel.files.paths import Symlinks

T = TypeVar("T")

# libev's EV_MAXPRI. Idle watchers of a lower priority wait as long as anybody has something to do.
_HIGHEST = 2


class Entry(NamedTuple):
    """A file or folder. `size` (in bytes) and `modified` (in seconds since 1970) are 0 until they are looked up."""

    name: str
    is_folder: bool
    size: int = 0
    modified: int = 0


def paced(items: Iterable[T], turn: int = 128) -> Iterator[T]:
    """The items. After each `turn` of them others have theirs; that should be half a millisecond's work."""
    for number, item in enumerate(items, 1):
        yield item
        if number % turn == 0:
            _let_others()


def _let_others() -> None:
    """Wait until the loop has asked the system once which connections have something to do, and these have done it.

    gevent.sleep(0) would not: callbacks run in batches of 50 and more before the loop asks again.
    """
    hub = get_hub()
    watcher = hub.loop.idle(priority=_HIGHEST)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()


def read_entries(fd: int, symlinks: Symlinks) -> Iterator[Entry]:
    """The files and folders in the folder that is open as `fd`, and links to such if they may be followed.

    `fd` stays open. Raises OSError.
    """
    with os.scandir(fd) as found:
        for entry in paced(found):
            try:
                if entry.is_symlink() and not _may_follow(entry, symlinks):
                    continue
                is_folder = entry.is_dir()
                if is_folder or entry.is_file():
                    yield Entry(entry.name, is_folder)
            except OSError:  # gone since, or a link in a circle: nothing that could be opened
                continue


def looked_up(fd: int, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries with their sizes and times, without those that are gone by now."""
    for entry in entries:
        try:
            status = os.stat(entry.name, dir_fd=fd)
        except OSError:
            continue
        yield Entry(entry.name, entry.is_folder, status.st_size, int(status.st_mtime))


def _may_follow(link: os.DirEntry[str], symlinks: Symlinks) -> bool:
    if symlinks is Symlinks.IF_OWNER_MATCHES:
        return link.stat().st_uid == link.stat(follow_symlinks=False).st_uid
    return symlinks is Symlinks.FOLLOW
