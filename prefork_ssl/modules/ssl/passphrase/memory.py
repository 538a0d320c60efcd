"""Memory for secrets: kept out of swap and core dumps where the system allows, wiped when no longer needed.

Pass phrases are bytearrays on their way in and live in a PhraseBook once they have opened a key; both are overwritten
with zeros. Nothing here ever turns a phrase into str or bytes, which nobody can wipe.
"""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import suppress

Phrase = bytearray | memoryview

# <sys/prctl.h> and <sys/mman.h>; Python names neither.
_PR_SET_DUMPABLE = 4
_MADV_WIPEONFORK = 18

_libc = ctypes.CDLL(None, use_errno=True)


def wipe(buffer: bytearray | memoryview | mmap.mmap) -> None:
    """Overwrite the whole buffer with zeros."""
    buffer[:] = bytes(len(buffer))


def protect_process_memory() -> bool:
    """Forbid core dumps of this process, and other users' processes to read its memory (PR_SET_DUMPABLE, prctl(2)).

    Children inherit it; exec and a change of user id undo it. Returns whether the system agreed.
    """
    return bool(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


class PhraseBook:
    """The pass phrases that have opened a key, in the order in which they were given. One per master.

    Each lies in pages of its own, so that locking them in memory and leaving them out of core dumps concerns nothing
    else. All protection is best effort: RLIMIT_MEMLOCK may be too small.
    """

    def __init__(self) -> None:
        self._entries: list[tuple[mmap.mmap, int]] = []
        self._wiped_on_fork = False

    def __iter__(self) -> Iterator[memoryview]:
        """The phrases themselves, not copies: they read as zeros after `wipe`."""
        for pages, length in self._entries:
            yield memoryview(pages)[:length]

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, phrase: Phrase) -> None:
        """Keep a copy of a phrase; the caller wipes its own."""
        pages = mmap.mmap(-1, len(phrase), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._guard(pages)
        pages[: len(phrase)] = phrase
        self._entries.append((pages, len(phrase)))

    def keep_from_children(self) -> None:
        """To be called once, by the process that remains the master (after it has become a daemon: a fork undoes
        mlock). From now on the kernel itself gives every child zeros in place of the phrases (MADV_WIPEONFORK)."""
        self._wiped_on_fork = True
        for pages, _ in self._entries:
            self._guard(pages)

    def wipe(self) -> None:
        """Forget all phrases, and leave zeros where they were."""
        for pages, _ in self._entries:
            wipe(pages)
        self._entries.clear()

    def _guard(self, pages: mmap.mmap) -> None:
        _libc.mlock(
            ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(pages))), ctypes.c_size_t(len(pages))
        )
        with suppress(OSError):
            pages.madvise(mmap.MADV_DONTDUMP)
            if self._wiped_on_fork:
                pages.madvise(_MADV_WIPEONFORK)
