"""Names of files as a page shows and links them. They may be hostile: whoever writes into a folder chooses them."""

from __future__ import annotations

import html
from urllib.parse import quote

# Not printable to Python, but letters are joined and kept apart with them.
_HARMLESS = "\u00a0\u200c\u200d\u3000"


def shown(name: str) -> str:
    """The name as HTML text. Characters that would not be seen, turn the direction of writing or are not UTF-8 show as
    U+FFFD."""
    if not name.isprintable():
        name = "".join(char if char.isprintable() or char in _HARMLESS else "\ufffd" for char in name)
    return html.escape(name)


def linked(name: str, *, is_folder: bool) -> str:
    """A relative reference to the name (RFC 3986 section 4.2). All that means something in a URI or in HTML is encoded:
    no scheme, no "//" and no quote is left."""
    return quote(name, safe="", errors="surrogateescape") + "/" * is_folder
