"""ExpiresActive, ExpiresByType and ExpiresDefault."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from prefork_ssl.config.arguments import Words, many, on_off
from prefork_ssl.config.directives import Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.expires.lifetimes import Lifetime, parse_lifetime

# RFC 6838 section 4.2; * for all subtypes.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/(?:{_NAME}|\*)")


def _by_type(words: Words, _place: Place) -> Mapping[str, Lifetime]:
    media_type, *times = words
    if not _MEDIA_TYPE.fullmatch(media_type):
        raise BadArgument(f"{media_type!r} is not a media type", "write one such as text/html or image/*")
    return {media_type.lower(): _time(times)}


def _default(words: Words, _place: Place) -> Lifetime:
    return _time(words)


def _time(words: Sequence[str]) -> Lifetime:
    if len(words) > 1:
        raise BadArgument("what has blanks goes in quotes", f'write "{" ".join(words)}"')
    return parse_lifetime(words[0])


EXPIRES_ACTIVE: Directive[bool] = Directive(
    "ExpiresActive",
    on_off,
    Context.ANYWHERE,
    False,
    "Whether responses get the fields Expires and Cache-Control: max-age.",
)
EXPIRES_BY_TYPE: Directive[Mapping[str, Lifetime]] = Directive(
    "ExpiresByType",
    many("media-type time", _by_type, least=2),
    Context.ANYWHERE,
    {},
    "How long responses of a media type (image/* for all images) may be kept.",
    append,
    append,
)
EXPIRES_DEFAULT: Directive[Lifetime | None] = Directive(
    "ExpiresDefault",
    many("time", _default),
    Context.ANYWHERE,
    None,
    'How long other responses may be kept: "access plus 1 month", "modification plus 5 hours", A3600.',
)

DIRECTIVES = (EXPIRES_ACTIVE, EXPIRES_BY_TYPE, EXPIRES_DEFAULT)
