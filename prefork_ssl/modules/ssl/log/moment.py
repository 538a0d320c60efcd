"""What stands at the head of each line: the time, and who writes. Made anew only when it changes."""

from __future__ import annotations

import os
from functools import lru_cache
from time import localtime, strftime, time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MILLISECONDS = [f"{number:03}" for number in range(1000)]


def moment() -> tuple[int, str]:
    """The current second of the epoch, and its milliseconds in three digits."""
    now = time()
    second = int(now)
    return second, _MILLISECONDS[int((now - second) * 1000)]


def pid() -> str:
    """The process id in at least five digits."""
    return _pid[0]


@lru_cache(maxsize=1)
def apache_time(second: int) -> str:
    """Local time, as "23/Nov/2026 10:29:27"."""
    local = localtime(second)
    day = f"{local.tm_mday:02}/{_MONTHS[local.tm_mon - 1]}/{local.tm_year}"
    return f"{day} {local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}"


@lru_cache(maxsize=1)
def internet_time(second: int) -> tuple[str, str]:
    """Local time as in RFC 3339, "2026-11-23T10:29:27", and its distance from UTC, "+01:00"."""
    local = localtime(second)
    zone = strftime("%z", local)
    return strftime("%Y-%m-%dT%H:%M:%S", local), f"{zone[:3]}:{zone[3:]}"


def _own_pid() -> str:
    return f"{os.getpid():05}"


def _note_pid() -> None:
    _pid[0] = _own_pid()


_pid = [_own_pid()]
os.register_at_fork(after_in_child=_note_pid)
