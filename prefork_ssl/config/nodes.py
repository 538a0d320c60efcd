"""What reading gives to building: lines and the sections that they are in."""

from __future__ import annotations

from dataclasses import dataclass, field

from prefork_ssl.config.directives import Place


@dataclass(frozen=True, slots=True)
class Line:
    """A directive or the opening of a section: its name as written ("SSLEngine", "<Directory>") and its words, without
    quotes and with variables replaced. `order` counts all lines that were read.

    The words of a line that is not `readable` mean nothing; a problem has been reported.
    """

    name: str
    words: tuple[str, ...]
    place: Place
    order: int
    readable: bool = True


@dataclass(slots=True)
class Section:
    """A section: its opening line, and what is in it. What follows one that is never `closed` is in it, too, though it
    was hardly meant to be."""

    opening: Line
    body: list[Node] = field(default_factory=list)
    closed: bool = False


Node = Line | Section
