"""Conditional requests (RFC 9110 section 13): whether the client still needs what it asks for."""

from __future__ import annotations

import re

from prefork_ssl.kernel.http.validators import Validators, parse_http_date
from prefork_ssl.kernel.request import Request

# RFC 9110 section 8.8.3. Quotes end a tag, so a comma inside is no separator.
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

# The fields that make a request conditional, but for If-Range.
CONDITIONS = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))


def refusal(request: Request, found: Validators) -> int | None:
    """304 or 412 if a precondition of a GET or HEAD fails, else None; in the order of section 13.2.2."""
    match, unmodified = request.header("if-match"), request.header("if-unmodified-since")
    if match is not None:
        if not _matches_strongly(match, found):
            return 412
    elif unmodified is not None and _modified_since(unmodified, found) is True:
        return 412
    none_match, modified = request.header("if-none-match"), request.header("if-modified-since")
    if none_match is not None:
        return 304 if _matches_weakly(none_match, found) else None
    if modified is not None and _modified_since(modified, found) is False:
        return 304
    return None


def range_still_fits(condition: str, found: Validators) -> bool:
    """Whether If-Range holds: the part that the client has is of this very state of the file (section 13.1.5)."""
    if not found.strong:
        return False
    return condition == found.etag or parse_http_date(condition) == found.modified


def _matches_strongly(condition: str, found: Validators) -> bool:
    return condition == "*" or (found.strong and found.etag in _TAG.findall(condition))


def _matches_weakly(condition: str, found: Validators) -> bool:
    opaque = found.etag.removeprefix("W/")
    return condition == "*" or opaque in (tag.removeprefix("W/") for tag in _TAG.findall(condition))


def _modified_since(text: str, found: Validators) -> bool | None:
    """None if the date is none: the condition is to be ignored then."""
    date = parse_http_date(text)
    return None if date is None else found.modified > date
