"""ExpiresActive, ExpiresByType and ExpiresDefault."""

from __future__ import annotations

import re
from collections.abc import Mapping

from prefork_ssl.config.arguments import Words, many, on_off, one
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.expires.lifetimes import Lifetime, parse_lifetime

# RFC 6838 section 4.2; * for all subtypes.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/(?:{_NAME}|\*)")


def _by_type(words: Words, _place: Place) -> Mapping[str, Lifetime]:
    media_type, text = words[0], " ".join(words[1:])
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise BadArgument(f"{media_type!r} is not a media type", "write one such as text/html or image/*")
    return {media_type.lower(): parse_lifetime(text)}


EXPIRES_ACTIVE: Directive[bool] = Directive(
    "ExpiresActive",
    on_off,
    Context.ANYWHERE,
    False,
    "Whether responses get the fields Expires and Cache-Control: max-age.",
)
EXPIRES_BY_TYPE: Directive[Mapping[str, Lifetime]] = Directive(
    "ExpiresByType",
    many("media-type time", _by_type, least=2, most=2),
    Context.ANYWHERE,
    {},
    "How long responses of a media type (image/* for all images) may be kept.",
    append,
    append,
)
EXPIRES_DEFAULT: Directive[Lifetime | None] = Directive(
    "ExpiresDefault",
    one("time", lambda word, _place: parse_lifetime(word)),
    Context.ANYWHERE,
    None,
    'How long other responses may be kept: "access plus 1 month", "modification plus 5 hours", A3600.',
)

DIRECTIVES = (EXPIRES_ACTIVE, EXPIRES_BY_TYPE, EXPIRES_DEFAULT)
