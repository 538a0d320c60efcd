"""Variables of a request (Request.env) as the configuration sets them: what they may be called."""

from __future__ import annotations

import re

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.request import OF_PATH

_NAME = re.compile(r"[^\s=!\x00-\x1f\x7f][^\s=\x00-\x1f\x7f]*")


def variable_name(word: str) -> str:
    """`word`, if a variable may be called so. Raises BadArgument."""
    if not _NAME.fullmatch(word):
        raise BadArgument(
            f"{word!r} is not the name of a variable",
            "a name has no blanks and no =; with SetEnv, a blank stands before the value",
        )
    if word in OF_PATH:
        raise BadArgument(
            f"{word} is the server's own to set, by what a path leads to", "choose another name"
        )
    return word
