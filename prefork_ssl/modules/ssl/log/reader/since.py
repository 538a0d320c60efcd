"""Points in time: as people write them, as the log does, and where they are in a file."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import BinaryIO

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_AGO = re.compile(r"(\d{1,6})\s*(s|min|h|d|w)")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_TEXT = re.compile(rb"\[(\d{2})/([A-Z][a-z]{2})/(\d{4}) (\d{2}):(\d{2}):(\d{2})\.")
_WRITTEN = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}) (\S+)")
# Lines of several processes may be a little out of order.
_SLACK = timedelta(seconds=5)
_LONGEST_LINE = 1 << 16


def parse_since(text: str, now: datetime) -> datetime:
    """ "2026-11-23", "2026-11-23 10:30", "10:30" (today), "30min", "2h", "3d" (ago); local time. Raises ValueError."""
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if _CLOCK.fullmatch(text):
        text = f"{now:%Y-%m-%d} {text.zfill(5 if text.count(':') == 1 else 8)}"
    moment = datetime.fromisoformat(text)
    return moment.astimezone().replace(tzinfo=None) if moment.tzinfo else moment


def sortable(written: str) -> str:
    """ "24/Nov/2026 08:04:03" or "2026-11-24T08:04:03", as "2026-11-24 08:04:03"; anything else as it is."""
    match = _WRITTEN.fullmatch(written)
    if match and match[2] in _MONTHS:
        return f"{match[3]}-{_MONTHS[match[2]]:02}-{match[1]} {match[4]}"
    return written.replace("T", " ")


def time_of(line: bytes) -> datetime | None:
    """When the line was written, in local time; None if it is no line of an SSL log."""
    if line.startswith(b"{"):
        return _time_of_object(line)
    match = _TEXT.match(line)
    return _local(*match.groups()) if match else None


@lru_cache(maxsize=64)
def _local(
    day: bytes, month: bytes, year: bytes, hour: bytes, minute: bytes, second: bytes
) -> datetime | None:
    try:
        return datetime(int(year), _MONTHS[month.decode()], int(day), int(hour), int(minute), int(second))
    except (KeyError, ValueError):
        return None


def _time_of_object(line: bytes) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(line)["time"]).astimezone().replace(tzinfo=None)
    except (ValueError, LookupError, TypeError):
        return None


def seek_time(file: BinaryIO, size: int, since: datetime) -> None:
    """Move to a place shortly before the first line of that time, by halves: a log is in order."""
    low, high = 0, size
    while high - low > _LONGEST_LINE:
        middle = (low + high) // 2
        written = _time_after(file, middle)
        if written is None or written >= since - _SLACK:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline(_LONGEST_LINE)


def _time_after(file: BinaryIO, place: int) -> datetime | None:
    """The time of the first line that begins after this place."""
    file.seek(place)
    file.readline(_LONGEST_LINE)
    return time_of(file.readline(_LONGEST_LINE))
