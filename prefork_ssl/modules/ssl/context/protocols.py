"""SSLProtocol: a list of words in, the range of TLS versions that OpenSSL can be told out.

The words mean what they mean in Apache: "all" and plain names begin anew, + adds and - removes. Where Apache would
quietly serve something else than the line seems to say, the line is an error here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from OpenSSL import SSL

from prefork_ssl.config.errors import BadArgument

# In ascending order.
VERSIONS = {
    "TLSv1": SSL.TLS1_VERSION,
    "TLSv1.1": SSL.TLS1_1_VERSION,
    "TLSv1.2": SSL.TLS1_2_VERSION,
    "TLSv1.3": SSL.TLS1_3_VERSION,
}
NAMES = {number: name for name, number in VERSIONS.items()}
_BY_LOWER_NAME = {name.lower(): name for name in VERSIONS}
_EXTINCT = {"sslv2", "sslv3"}


@dataclass(frozen=True, slots=True)
class ProtocolRange:
    """All versions from `lowest` to `highest`, as numbers on the wire."""

    lowest: int
    highest: int

    def __str__(self) -> str:
        return " ".join(name for name, number in VERSIONS.items() if self.lowest <= number <= self.highest)


DEFAULT = ProtocolRange(SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)


def parse_protocols(words: Sequence[str]) -> ProtocolRange:
    """What the words of one SSLProtocol line allow. Raises BadArgument."""
    chosen: set[str] = set()
    for position, word in enumerate(words):
        sign = word[:1] if word[:1] in "+-" else ""
        named = _named(word[len(sign) :], sign)
        if sign == "-":
            chosen -= named
        elif sign == "+":
            chosen |= named
        elif position:
            raise BadArgument(
                f"{word} without a sign would undo {' '.join(words[:position])}",
                f"write +{word} to add it, -{word} to remove it",
            )
        else:
            chosen = named
    return _range(chosen, words)


def _named(name: str, sign: str) -> set[str]:
    lower = name.lower()
    if lower == "all":
        return set(VERSIONS)
    if lower in _EXTINCT:
        if sign == "-":
            return set()
        raise BadArgument(
            f"{name} is broken, and OpenSSL does not speak it any more", f"known are {_known()}"
        )
    if lower not in _BY_LOWER_NAME:
        raise BadArgument(f"{name!r} is no protocol", f"known are all, {_known()}")
    return {_BY_LOWER_NAME[lower]}


def _range(chosen: set[str], words: Sequence[str]) -> ProtocolRange:
    if not chosen:
        raise BadArgument(
            f"{' '.join(words)} leaves no protocol", "begin with all, as in: all -TLSv1 -TLSv1.1"
        )
    numbers = [VERSIONS[name] for name in chosen]
    limits = ProtocolRange(min(numbers), max(numbers))
    holes = [name for name in str(limits).split() if name not in chosen]
    if holes:
        raise BadArgument(
            f"{' '.join(words)} leaves out {' '.join(holes)} in the middle, which TLS cannot do",
            "allow one range of versions, such as: TLSv1.2 +TLSv1.3",
        )
    return limits


def _known() -> str:
    return ", ".join(VERSIONS)
