"""The names of header fields that lines may be about."""

from __future__ import annotations

import re

from prefork_ssl.config.errors import BadArgument

# RFC 9110 section 5.1.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# They frame the message or speak of one connection (RFC 9110 section 7.6.1, RFC 9112 section 6). Only the server writes
# them, or reads them: with others, it and the client, or it and a server behind it, would disagree on where a message
# ends (request smuggling).
FRAMING = frozenset(
    (
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


def field_name(word: str) -> str:
    """The name that `word` is; a colon behind it does no harm. Raises BadArgument."""
    name = word.removesuffix(":")
    if not _TOKEN.fullmatch(name):
        raise BadArgument(
            f"{word!r} is no name of a header field", "names have letters, digits and hyphens, and no blanks"
        )
    if name.lower() in FRAMING:
        raise BadArgument(
            f"{name} is the server's own: it tells where a message ends, or is about one connection only",
            "remove the line",
        )
    return name
