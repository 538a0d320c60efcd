"""Which sections are open while a text is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prefork_ssl.config.nodes import Line, Node, Section
from prefork_ssl.config.problems import Problems

# Sections in sections; more is a mistake.
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class _Open:
    """A section that has not been closed yet. Nodes go to `body`, unless they are skipped."""

    section: Section
    body: list[Node]
    skipped: bool = False

    @property
    def key(self) -> str:
        return self.section.opening.name.lower()


class Nesting:
    """The open sections, innermost last, and where nodes go meanwhile. `nodes` are those outside all sections."""

    def __init__(self, problems: Problems, known: Callable[[str], bool]) -> None:
        """`known` tells whether there is a section of a name, such as "<files>"."""
        self.nodes: list[Node] = []
        self._known = known
        self._problems = problems
        self._open: list[_Open] = []

    @property
    def depth(self) -> int:
        """How many sections are open."""
        return len(self._open)

    @property
    def skipping(self) -> bool:
        """Whether the text is passed over, in a condition that is false."""
        return bool(self._open) and self._open[-1].skipped

    def add(self, node: Node) -> None:
        """Put a node into the innermost section."""
        self._body.append(node)

    @property
    def _body(self) -> list[Node]:
        return self._open[-1].body if self._open else self.nodes

    def open(self, opening: Line) -> None:
        """A section begins that becomes a node itself."""
        section = Section(opening)
        if self.depth < _DEEPEST:
            self.add(section)
            self._open.append(_Open(section, section.body))
        else:
            self._problems.add(
                opening, f"{opening.name} is inside {_DEEPEST} other sections, which is too deep"
            )
            self.open_skipped(opening)

    def open_through(self, opening: Line) -> None:
        """A section begins whose nodes go to the section around it, as if it were not there."""
        self._open.append(_Open(Section(opening), self._body))

    def open_skipped(self, opening: Line) -> None:
        """A section begins that is passed over."""
        self._open.append(_Open(Section(opening), [], skipped=True))

    def close(self, closing: Line, floor: int) -> None:
        """A closing tag, `</Name>`. The `floor` outermost sections were opened elsewhere and stay open."""
        key = closing.name.lower().replace("/", "", 1)
        if any(entry.key == key for entry in self._open[floor:]):
            self._close_until(key)
        elif self.depth > floor and not (self._known(key) and self._known(self._open[-1].key)):
            self._close_misspelt(closing)
        else:
            self._problems.add(closing, f"{closing.name} closes no section")

    def end(self, floor: int) -> None:
        """The text ends; all but the `floor` outermost sections should have been closed."""
        while self.depth > floor:
            self._report_unclosed(self._open.pop())

    def _close_until(self, key: str) -> None:
        while (entry := self._open.pop()).key != key:
            self._report_unclosed(entry)
        entry.section.closed = True

    def _close_misspelt(self, closing: Line) -> None:
        """One of the two names is none: it is the other, misspelt. An unknown opening is reported later anyway."""
        section = self._open.pop().section
        section.closed = True
        if self._known(section.opening.name.lower()):
            at = section.opening.place.origin
            self._problems.add(closing, f"{closing.name} does not close {section.opening.name} of {at}")

    def _report_unclosed(self, entry: _Open) -> None:
        opening = entry.section.opening
        self._problems.add(
            opening, f"{opening.name} is not closed", f"add </{opening.name[1:]} where it ends"
        )
