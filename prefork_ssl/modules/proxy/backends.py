"""The servers behind us, as the configuration writes them: http://name:8000/path, unix:/run/app.sock|http://name/path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument

# A WebSocket begins as HTTP, so that its schemes are other names for these.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a server is reached: host (a name or an address without brackets) and port, or the socket at `path`. `host`
    is also what it is called, in Host fields and in handshakes."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL; the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        prefix = f"unix:{self.path}|" if self.path else ""
        return f"{prefix}{self.scheme}://{self.authority}"


def parse_url(text: str, place: Place) -> tuple[Backend, str]:
    """A server and the path of the URL, as it is written ("" without one). Raises BadArgument."""
    path, url = _socket(text, place)
    match = _URL.fullmatch(url)
    if match is None:
        raise BadArgument(
            f"{text!r} is not the URL of a server",
            "write http://name:port/path or unix:/path|http://name/path",
        )
    scheme = _SCHEMES.get(match["scheme"].lower())
    if scheme is None:
        raise BadArgument(f"{match['scheme']}:// is not spoken here", f"known are {', '.join(_SCHEMES)}")
    port = int(match["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise BadArgument(f"{port} is not a port")
    return Backend(scheme, match["v6"] or match["name"].lower(), port, path), match["path"] or ""


def _socket(text: str, place: Place) -> tuple[str, str]:
    """The socket's path, "" for TCP, and the URL."""
    if not text.startswith("unix:"):
        return "", text
    path, bar, url = text.removeprefix("unix:").partition("|")
    if not bar or not path:
        raise BadArgument(f"{text!r} needs a path and a URL", "write unix:/path|http://name/path")
    return str(Path(place.path(path))), url
