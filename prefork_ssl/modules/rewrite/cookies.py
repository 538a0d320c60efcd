"""CO: the Set-Cookie fields that rules ask for (RFC 6265 section 4.1)."""

from __future__ import annotations

import time
from email.utils import formatdate
from urllib.parse import quote

from prefork_ssl.kernel.expression.ap_expr import whole_number
from prefork_ssl.modules.rewrite.expansion import Names, bind
from prefork_ssl.modules.rewrite.flags import Cookie
from prefork_ssl.modules.rewrite.state import State
from prefork_ssl.modules.rewrite.variables import Expand

# What a value may have: nothing that would end it or begin another attribute.
_VALUE_CHARACTERS = "!#$%&'()*+-./:<=>?@[]^_`{|}~"


def bind_cookie(cookie: Cookie, names: Names) -> Expand:
    """The function that gives the field's value. Raises BadArgument for names that nobody knows."""
    value, domain = bind(cookie.value, names), bind(cookie.domain, names)
    lifetime, path = bind(cookie.lifetime, names), bind(cookie.path, names)
    ending = "; secure" * cookie.secure + "; HttpOnly" * cookie.http_only
    if cookie.same_site and cookie.same_site != "0":
        ending += f"; SameSite={cookie.same_site}"

    def field(state: State) -> str:
        parts = [f"{cookie.name}={_safe(value(state))}; path={_safe(path(state)) or '/'}"]
        if host := _safe(domain(state)):
            parts.append(f"domain={host}")
        if minutes := whole_number(lifetime(state)):
            parts.append(f"expires={_date(minutes)}")
        return "; ".join(parts) + ending

    return field


def _safe(text: str) -> str:
    return quote(text, safe=_VALUE_CHARACTERS, errors="surrogateescape")


def _date(minutes: int) -> str:
    """In so many minutes; long ago for a negative number. Dates end with the year 9999."""
    return formatdate(min(time.time() + minutes * 60, 253402300799) if minutes > 0 else 0, usegmt=True)
