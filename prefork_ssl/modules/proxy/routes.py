"""What one ProxyPass line says: which URL paths it is for, and which server and path they lead to.

The rules of a host are tried in the order of the text, a virtual host's before the main server's, and those written in
a <Location> before all others, the last section first. The first that is for a path decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.template import bind_groups, parse_groups
from prefork_ssl.kernel.http.redirects import quote_path
from prefork_ssl.kernel.http.targets import climbs
from prefork_ssl.kernel.request import RequestError
from prefork_ssl.modules.proxy.backends import Backend
from prefork_ssl.modules.proxy.parameters import Parameters

# Paths that need no quoting, which is most of them.
_PLAIN = re.compile(r"[A-Za-z0-9/:@!$&'()*+,;=._~-]*")


@dataclass(frozen=True, slots=True)
class Destination:
    """A server, and how its connections are used."""

    backend: Backend
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Route:
    """`path` gives the encoded path that a decoded URL path has at the destination, None if the rule is not for it. One
    that leads nowhere ("!") keeps its paths here. Without `path` the rule was written in a section, and holds for the
    URLs of that: see `at`. `base` is the path of the destination's URL."""

    destination: Destination | None
    base: str
    path: Callable[[str], str | None] | None

    def at(self, prefix: str) -> Route:
        """The rule for the URLs below a prefix."""
        return replace(self, path=below(prefix, self.base))


def below(prefix: str, base: str) -> Callable[[str], str | None]:
    """The function of a rule that puts `base` in the place of `prefix`."""
    stem = base.rstrip("/")

    def path(url_path: str) -> str | None:
        rest = remainder(prefix, url_path)
        if rest is None:
            return None
        if not rest:
            return base or "/"
        return f"{stem}{_quoted(rest)}" if rest[0] == "/" else f"{stem}/{_quoted(rest)}"

    return path


def matching(pattern: Pattern, substitution: str) -> Callable[[str], str | None]:
    """The function of a rule whose pattern's groups are put into an encoded path. Raises BadArgument.

    The function raises RequestError if the client's part would climb out of the folder that the rule names."""
    fill = bind_groups(parse_groups(substitution, pattern), _quoted)
    may_climb = ".." in substitution

    def path(url_path: str) -> str | None:
        match = pattern.search(url_path)
        if match is None:
            return None
        filled = fill(match)
        if not may_climb and climbs(filled):
            raise RequestError(400, "The URL climbs out of the folder that it leads to.")
        return filled if filled.startswith("/") else f"/{filled}"

    return path


def split_template(text: str) -> tuple[str, str]:
    """A URL with $1 to $9 in it: scheme and server, and the path. Who asks must not choose the server. Raises
    BadArgument."""
    socket, bar, url = text.rpartition("|")
    scheme, mark, rest = url.partition("://")
    server = re.split(r"[/$]", rest, maxsplit=1)[0]
    if "$" in socket + scheme:
        raise BadArgument("cannot have a group before the path", "name the server in full")
    # http://server$1, as many have it, can only mean a path: what follows the name begins with a slash.
    return f"{socket}{bar}{scheme}{mark}{server}", rest[len(server) :]


def remainder(prefix: str, path: str) -> str | None:
    """What of `path` follows `prefix`, which must end where a segment does: /app is no prefix of /apple."""
    if not path.startswith(prefix):
        return None
    rest = path[len(prefix) :]
    return rest if not rest or prefix.endswith("/") or rest.startswith("/") else None


def _quoted(path: str) -> str:
    return path if _PLAIN.fullmatch(path) else quote_path(path)
