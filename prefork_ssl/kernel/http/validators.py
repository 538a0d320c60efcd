"""What tells one state of a file from another: entity tag and modification date (RFC 9110 section 8.8)."""

from __future__ import annotations

import calendar
import os
import time
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple

_SECOND = 1_000_000_000


class Validators(NamedTuple):
    """`etag` with its quotes; `modified` in whole seconds since 1970.

    `strong` is false while the file might change again within the same tick of the clock.
    """

    etag: str
    modified: int
    strong: bool


def of_file(status: os.stat_result) -> Validators:
    """A file's validators: inode, size and time of modification, as Apache's FileETag All.

    A file younger than a second gets a weak tag (RFC 9110 section 8.8.1): two changes could share its time. One from
    the future is said to be of now (section 8.8.2.1).
    """
    now, changed = time.time_ns(), status.st_mtime_ns
    strong = now - changed > _SECOND
    tag = f'"{status.st_ino:x}-{status.st_size:x}-{changed:x}"'
    return Validators(tag if strong else f"W/{tag}", max(min(changed, now) // _SECOND, 0), strong)


@lru_cache(maxsize=1024)
def http_date(seconds: int) -> str:
    """IMF-fixdate (RFC 9110 section 5.6.7)."""
    return formatdate(seconds, usegmt=True)


# The first call imports a part of Python: too late in a worker that may not read Python's own files any more.
time.strptime("", "")

_FORMATS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")


@lru_cache(maxsize=1024)
def parse_http_date(text: str) -> int | None:
    """Seconds since 1970 of an HTTP-date in any of its three forms; None if it is none (RFC 9110 section 5.6.7)."""
    for form in _FORMATS:
        try:
            moment = time.strptime(text, form)
        except ValueError:
            continue
        return calendar.timegm(moment)
    return None
