"""Lines of an SSL log that tell of failures, and of what the administrator should know, in either format.

Most lines of a busy log tell that all is well. They must cost next to nothing: a line is taken apart only when its
beginning has shown that it is worth it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefork_ssl.modules.ssl.log.reader.since import sortable
from prefork_ssl.modules.ssl.log.vocabulary import FAILURES, MORE_PATTERN, REPEATED

_TEXT_HEAD = re.compile(
    rb"\[(?P<time>[^].]{20})[^]]{1,20}\] \[(?P<level>[a-z]+)\] +(?:" + MORE_PATTERN.encode() + rb")?"
)
_TEXT_REST = re.compile(
    rb"(?P<message>.*?)"
    rb"(?: \((?:client (?P<client>[^,)]+), )?server (?P<host>[^,)]+)(?:, .*)?\)(?: \[Hint: (?P<hint>.*)\])?)?"
)
_FAILING = tuple(words.encode() for words in FAILURES.values())
# What belongs to the line before.
_FURTHER = (b"OpenSSL: ", b"System: ", b"| ")

_JSON_HEAD = re.compile(
    rb'\{"time":"[^"]*","pid":\d+,"level":"(?P<level>[a-z]+)","event":"(?P<event>[a-z-]+)"'
)
_FAILING_EVENTS = frozenset((*FAILURES, REPEATED))
_FAILING_EVENTS_RAW = frozenset(name.encode() for name in _FAILING_EVENTS)
_MORE = re.compile(MORE_PATTERN)


@dataclass(frozen=True, slots=True)
class Entry:
    """`count` failures of one cause, or one thing to know. `time` is "2026-11-24 08:04:03"; `client` has no port."""

    time: str
    level: str
    message: str
    client: str
    host: str
    hint: str
    count: int = 1


def entry(line: bytes) -> Entry | None:
    """What the line tells of; None if that is nothing to worry about, or the line is none of an SSL log."""
    if line.startswith(b"{"):
        head = _JSON_HEAD.match(line)
        if head and head["event"] not in _FAILING_EVENTS_RAW and head["level"] not in (b"error", b"warn"):
            return None
        return _from_json(line)
    head = _TEXT_HEAD.match(line)
    if head is None:
        return None
    level, start = head["level"], head.end()
    if level == b"info":
        wanted = line.startswith(_FAILING, start)
    else:
        wanted = level in (b"error", b"warn") and not line.startswith(_FURTHER, start)
    return _from_text(head, line[start:]) if wanted else None


def _from_text(head: re.Match[bytes], rest: bytes) -> Entry | None:
    found = _TEXT_REST.fullmatch(rest)
    if found is None:
        return None
    return Entry(
        sortable(_printable(_text(head["time"]))),
        _text(head["level"]),
        _printable(_text(found["message"])),
        _without_port(_printable(_text(found["client"]))),
        _printable(_text(found["host"])),
        _printable(_text(found["hint"])),
        int(head["more"] or 1),
    )


def _from_json(line: bytes) -> Entry | None:
    try:
        return _from_object(json.loads(line))
    except (ValueError, LookupError, TypeError, AttributeError):  # no line that we wrote
        return None


def _from_object(shown: Mapping[str, Any]) -> Entry | None:
    if shown["event"] not in _FAILING_EVENTS and shown["level"] not in ("error", "warn"):
        return None
    return Entry(
        sortable(_printable(shown["time"][:19])),
        _printable(shown["level"]),
        _printable(_MORE.sub("", shown["message"], count=1)),
        _printable(shown.get("client", "")),
        _printable(shown.get("host", "")),
        _printable(shown.get("hint", "")),
        int(shown["count"]) if shown["event"] == REPEATED else 1,
    )


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def _printable(text: str) -> str:
    """Whatever stands in a file that somebody else may have written, it does nothing to a terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def _without_port(client: str) -> str:
    """ "[2001:db8::1]:1234" without port and brackets; a summary has no port."""
    host, bracket, _ = client.removeprefix("[").partition("]")
    return host if bracket or client.count(":") > 1 else client.partition(":")[0]
