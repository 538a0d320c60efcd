"""How long something stays fresh: "access plus 1 month 2 days", or in the older form A3600."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {
    "year": 365 * _DAY,
    "month": 30 * _DAY,
    "week": 7 * _DAY,
    "day": _DAY,
    "hour": _HOUR,
    "minute": _MINUTE,
    "second": 1,
}
_SHORT = re.compile(r"[AM][0-9]+")
_LONG = re.compile(
    r"(?P<base>access|now|modification)(?:\s+plus)?(?P<parts>(?:\s+[0-9]+\s+[a-z]+)+)", re.IGNORECASE
)
_PART = re.compile(r"([0-9]+)\s+([a-z]+)", re.IGNORECASE)
_EXAMPLES = 'such as "access plus 1 month 2 days", "modification plus 5 hours" or A3600'

# Times beyond that have no four-digit year, which HTTP dates have.
_LONGEST = 1000 * _UNITS["year"]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """So many seconds after the request, or with `of_file`, after the file was last changed."""

    seconds: int
    of_file: bool


def parse_lifetime(text: str) -> Lifetime:
    """Raises BadArgument."""
    if _SHORT.fullmatch(text):
        return _lifetime(text, text[1:], of_file=text[0] == "M")
    found = _LONG.fullmatch(text.strip())
    if found is None:
        raise BadArgument(f"{text!r} is no time", f"write one {_EXAMPLES}, in quotes if it has blanks")
    seconds = sum(_number(text, digits) * _unit(word) for digits, word in _PART.findall(found["parts"]))
    return _lifetime(text, str(seconds), of_file=found["base"].lower() == "modification")


def _lifetime(text: str, digits: str, *, of_file: bool) -> Lifetime:
    seconds = _number(text, digits)
    if seconds > _LONGEST:
        raise BadArgument(f"{text!r} is more than a thousand years", "caches take a year for always")
    return Lifetime(seconds, of_file)


def _number(text: str, digits: str) -> int:
    if len(digits) > 18:
        raise BadArgument(f"{text[:40]!r} has a number that is too large", "caches take a year for always")
    return int(digits)


def _unit(word: str) -> int:
    seconds = _UNITS.get(word.lower().removesuffix("s"))
    if seconds is None:
        raise BadArgument(
            f"{word!r} is no unit of time", f"there are {', '.join(f'{unit}s' for unit in _UNITS)}"
        )
    return seconds
