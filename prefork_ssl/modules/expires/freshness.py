"""The fields that tell how long a response may be kept (RFC 9111 sections 5.2.2.1 and 5.3).

Pages of errors and redirections are left alone, and so is a response that tells it itself: in an Expires field, or with
max-age (Apache adds a second one in that case, which nobody heeds: RFC 9111 section 4.2.1). What else Cache-Control
says stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.modules.expires.directives import EXPIRES_ACTIVE, EXPIRES_BY_TYPE, EXPIRES_DEFAULT
from prefork_ssl.modules.expires.lifetimes import Lifetime

if TYPE_CHECKING:
    from prefork_ssl.kernel.generation import Generation
    from prefork_ssl.kernel.hooks import ResponsePhase
    from prefork_ssl.kernel.request import HeaderList, Request, Response

_NOT_MODIFIED = 304

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=", re.IGNORECASE)

_http_date = lru_cache(maxsize=64)(lambda second: formatdate(second, usegmt=True))


def response(_generation: Generation, _host: Host, settings: Settings) -> ResponsePhase | None:
    """The response hook."""
    by_type, default = settings[EXPIRES_BY_TYPE], settings[EXPIRES_DEFAULT]
    if not settings[EXPIRES_ACTIVE] or not (by_type or default):
        return None

    def add_fields(request: Request, response: Response) -> None:
        if not (200 <= response.status < 300 or response.status == _NOT_MODIFIED):
            return
        fields = {name.lower(): value for name, value in response.headers}
        if "expires" in fields or _MAX_AGE.search(fields.get("cache-control", "")):
            return
        media_type = response.media_type or fields.get("content-type", "")
        lifetime = _lifetime(by_type, media_type) or default
        expiry = None if lifetime is None else _expiry(lifetime, request)
        if expiry is not None:
            _add(response.headers, int(request.started), expiry)

    return add_fields


def _lifetime(by_type: Mapping[str, Lifetime], media_type: str) -> Lifetime | None:
    """That of the type, or of all types of its kind."""
    name = media_type.partition(";")[0].strip().lower()
    return by_type.get(name) or by_type.get(f"{name.partition('/')[0]}/*")


def _expiry(lifetime: Lifetime, request: Request) -> int | None:
    """When the response expires, not before it is there, in seconds since 1970; None if that depends on a file and the
    response comes from none."""
    now = int(request.started)
    if not lifetime.of_file:
        return now + lifetime.seconds
    changed = _changed(request.filename or "")
    return None if changed is None else max(changed + lifetime.seconds, now)


def _changed(filename: str) -> int | None:
    """When the file was last changed; None if there is none."""
    if not filename.startswith("/"):
        return None
    try:
        return int(os.stat(filename).st_mtime)  # noqa: PTH116 - this is for every response
    except (OSError, ValueError):
        return None


def _add(headers: HeaderList, now: int, expiry: int) -> None:
    age = f"max-age={expiry - now}"
    for index, (name, value) in enumerate(headers):
        if name.lower() == "cache-control":
            headers[index] = (name, f"{value}, {age}" if value else age)
            break
    else:
        headers.append(("Cache-Control", age))
    headers.append(("Expires", _http_date(expiry)))
