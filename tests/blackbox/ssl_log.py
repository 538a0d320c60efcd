"""Lines of an SSL log in plain text, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from blackbox.server import Server
from blackbox.until import until

_LINE = re.compile(
    r"\[\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d\.\d{3} (?P<pid>\d{5,})\] \[(?P<level>\w+)\] +"
    r"(?P<message>.*?)"
    r"(?: \((?:client (?P<client>[^,)]+), )?server (?P<host>[^,)]+)(?:, (?P<details>[^)]*))?\)"
    r"(?: \[Hint: (?P<hint>.*)\])?)?"
)


@dataclass(frozen=True)
class Line:
    """What happened; `more` are the lines that go with it. What is not there is ""."""

    level: str
    message: str
    client: str
    host: str
    details: str
    hint: str
    more: list[str]


def lines(server: Server, name: str = "ssl_log") -> list[Line]:
    """All of a log."""
    found: list[Line] = []
    for text in server.log(name).splitlines():
        match = _LINE.fullmatch(text)
        assert match, f"not a line of an SSL log: {text}"
        parts = {key: value or "" for key, value in match.groupdict().items()}
        if parts["host"]:
            parts.pop("pid")
            found.append(Line(**parts, more=[]))
        else:
            found[-1].more.append(parts["message"])
    return found


def last_line(server: Server, beginning: str, name: str = "ssl_log") -> Line:
    """Wait for a line whose message begins with this and that nobody has seen yet, and return it."""
    seen = _seen.setdefault((id(server), name), set())

    def unseen() -> Line | None:
        for number, line in enumerate(lines(server, name)):
            if number not in seen and line.message.startswith(beginning):
                seen.update(range(number + 1))
                return line
        return None

    return until(unseen, f"a line that begins with {beginning!r}")


_seen: dict[tuple[int, str], set[int]] = {}
