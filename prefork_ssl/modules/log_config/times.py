"""Times in access logs: when a request came, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable

from prefork_ssl.kernel.request import Request, Response

Timed = Callable[[Request, Response], str]

UNITS = {"": 1, "s": 1, "ms": 1_000, "us": 1_000_000}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WHOLE = {"sec": 1, "msec": 1_000, "usec": 1_000_000}
_FRACTION = {"msec_frac": 3, "usec_frac": 6}


def duration(unit: str) -> Timed:
    """%T, %{ms}T, %D: whole seconds, or `unit`s, from the request's beginning until now."""
    factor = UNITS[unit]
    return lambda request, _response: str(int((time.time() - request.started) * factor))


def moment(form: str) -> Timed:
    """%t and %{form}t: when the request began, or with "end:" before the form, now.

    The form is sec, msec, usec (since 1970), msec_frac, usec_frac, or for strftime; "" is the common log format.
    """
    which, colon, rest = form.partition(":")
    if colon and which in ("begin", "end"):
        form = rest
    write = _writer(form)
    if colon and which == "end":
        return lambda _request, _response: write(time.time())
    return lambda request, _response: write(request.started)


def _writer(form: str) -> Callable[[float], str]:
    if not form:
        return common_log_time
    if form in _WHOLE:
        factor = _WHOLE[form]
        return lambda seconds: str(int(seconds * factor))
    if form in _FRACTION:
        digits = _FRACTION[form]
        return lambda seconds: f"{int(seconds % 1 * 10**digits):0{digits}}"
    return lambda seconds: time.strftime(form, time.localtime(seconds))


def _common_log_time() -> Callable[[float], str]:
    latest, text = -1, ""

    def write(seconds: float) -> str:
        nonlocal latest, text
        second = int(seconds)
        if second != latest:
            latest, text = second, _formatted(second)
        return text

    return write


def _formatted(second: int) -> str:
    local = time.localtime(second)
    minutes = (local.tm_gmtoff or 0) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    clock = f"{local.tm_hour:02}:{local.tm_min:02}:{local.tm_sec:02}"
    return f"[{local.tm_mday:02}/{_MONTHS[local.tm_mon - 1]}/{local.tm_year}:{clock} {zone}]"


# [10/Oct/2000:13:55:36 -0700]; made once for all requests of a second.
common_log_time = _common_log_time()
