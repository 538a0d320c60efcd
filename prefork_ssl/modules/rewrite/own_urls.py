"""URLs that lead to this very host: they need no redirection."""

from __future__ import annotations

import re

from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.request import Request

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#:]+|\[[^\]]*\])(?::(?P<port>[0-9]+))?(?P<path>/.*)?", re.I | re.S
)
_PORTS = {"http": 80, "https": 443}


def reduced(request: Request, url: str) -> str:
    """The path of a URL that names the scheme, host and port by which the request came; all others as they are."""
    if url[:4].lower() != "http":
        return url
    found = _URL.fullmatch(url)
    if found is None:
        return url
    scheme, host = found["scheme"].lower(), found["host"].strip("[]").lower()
    if scheme != ("https" if request.transport.secure else "http") or host not in _names(request):
        return url
    port = int(found["port"] or _PORTS[scheme]) if len(found["port"] or "") < 6 else 0
    return (found["path"] or "/") if port == request.transport.wire.local[1] else url


def own_url(request: Request) -> str:
    """The scheme, host and port by which the request came, as a URL without a path."""
    scheme, port = "https" if request.transport.secure else "http", request.transport.wire.local[1]
    host = request.host_name or server_name(request.host.settings).name
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" if port == _PORTS[scheme] else f"{scheme}://{host}:{port}"


def _names(request: Request) -> tuple[str, str]:
    return request.host_name, server_name(request.host.settings).name
