"""Text in, nodes out: directives and sections as written, each with its place.

What decides about the text itself is obeyed here, as it is read: Include, Define and ${NAME}, conditions, LoadModule,
ServerRoot. Everything else is left to build.py. Nothing stops the reading: what is wrong is added to the problems, and
what remains is read on as it was probably meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefork_ssl.config.defines import Defines
from prefork_ssl.config.directives import Directive, Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.includes import files_in, matching_paths, read_text
from prefork_ssl.config.language import (
    CONDITIONS,
    DEFINE,
    INCLUDE,
    INCLUDE_OPTIONAL,
    LOAD_MODULE,
    UNDEFINE,
    Condition,
)
from prefork_ssl.config.lines import logical_lines
from prefork_ssl.config.nodes import Line, Node, Section
from prefork_ssl.config.problems import Problems
from prefork_ssl.config.sections import SECTIONS
from prefork_ssl.config.vocabulary import Vocabulary
from prefork_ssl.config.words import SPACE, split_words

# Sections in sections, and files that include files; more is a mistake.
_DEEPEST = 20

_NAME = re.compile(rf"(?P<name>[^{SPACE}]*)[{SPACE}]*(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Open:
    """A section that has not been closed yet. Nodes go to `body`: its own, or that of the section around a condition.
    If it is `skipped`, there are none."""

    section: Section
    body: list[Node]
    skipped: bool = False

    @property
    def key(self) -> str:
        return self.section.opening.name.lower()


class Reader:
    """One reading of a configuration. `nodes` are what it has found so far, `files` what it has read."""

    def __init__(
        self, server_root: Path, defines: Defines, vocabulary: Vocabulary, problems: Problems
    ) -> None:
        self.server_root = server_root
        self.nodes: list[Node] = []
        self.files: list[Path] = []
        self._defines = defines
        self._vocabulary = vocabulary
        self._problems = problems
        self._open: list[_Open] = []
        self._including: list[str] = []
        self._order = 0
        self._obeyed: dict[str, tuple[Directive[Any], Callable[[Any, Line], None]]] = {
            directive.name.lower(): (directive, obey)
            for directive, obey in (
                (DEFINE, self._define),
                (UNDEFINE, self._undefine),
                (INCLUDE, self._include),
                (INCLUDE_OPTIONAL, self._include_optional),
                (LOAD_MODULE, self._load_module),
            )
        }

    @property
    def names(self) -> Container[str]:
        """What <IfDefine> asks for."""
        return self._defines.names

    @property
    def modules(self) -> Container[str]:
        """What <IfModule> asks for."""
        return self._vocabulary.modules

    def read_file(self, path: Path) -> None:
        """Read one file. Raises OSError if it cannot be read; a file that it includes is a problem of that line."""
        text = read_text(path)
        self.files.append(path)
        self._including.append(os.path.realpath(path))
        self.read(str(path), text)
        self._including.pop()

    def read(self, source: str, text: str) -> None:
        """Read `text`, whose lines come from `source`. Sections that it opens, it must close."""
        floor = len(self._open)
        for number, content in logical_lines(text):
            self._order += 1
            origin = Origin(source, number)
            if content.startswith("</"):
                self._close(content, origin, floor)
            elif content[0] == "<":
                self._begin(content, origin)
            elif not self._skipping:
                self._directive(content, origin)
        while len(self._open) > floor:
            self._report_unclosed(self._open.pop())

    @property
    def _skipping(self) -> bool:
        return bool(self._open) and self._open[-1].skipped

    @property
    def _body(self) -> list[Node]:
        """Where nodes go now."""
        return self._open[-1].body if self._open else self.nodes

    # --- lines -------------------------------------------------------------------------------------------------------

    def _line(self, name: str, text: str, origin: Origin) -> Line:
        place = Place(origin, self.server_root)
        try:
            return Line(name, self._words(text), place, self._order)
        except BadArgument as error:
            broken = Line(name, (), place, self._order, readable=False)
            self._problems.add_argument(broken, error)
            return broken

    def _words(self, text: str) -> tuple[str, ...]:
        if "\0" in text:
            raise BadArgument("there is a NUL character in this line")
        words = split_words(text)
        return tuple(map(self._defines.substitute, words)) if "${" in text else words

    def _directive(self, content: str, origin: Origin) -> None:
        name, text = _split_name(content)
        line = self._line(name, text, origin)
        if not line.readable:
            return
        if name.lower() in self._obeyed:
            self._obey(line)
        else:
            self._body.append(line)
        if name.lower() == "serverroot":
            self._move_root(line)

    # --- sections ----------------------------------------------------------------------------------------------------

    def _begin(self, content: str, origin: Origin) -> None:
        name, text = _split_name(content[1:].removesuffix(">"))
        name = f"<{name}>"
        if self._skipping:
            opening = Line(name, (), Place(origin, self.server_root), self._order)
            self._open.append(_Open(Section(opening), [], skipped=True))
            return
        line = self._line(name, text, origin)
        if not content.endswith(">"):
            self._problems.add(line, f"{name} needs a '>' at the end of the line")
        self._open.append(self._opened(line))

    def _opened(self, line: Line) -> _Open:
        section = Section(line)
        if len(self._open) >= _DEEPEST:
            self._problems.add(line, f"{line.name} is inside {_DEEPEST} other sections, which is too deep")
            return _Open(section, [], skipped=True)
        if condition := CONDITIONS.get(line.name.lower()):
            return _Open(section, self._body, skipped=not self._holds(condition, line))
        self._body.append(section)
        return _Open(section, section.body)

    def _holds(self, condition: Condition, line: Line) -> bool:
        try:
            return line.readable and condition.holds(line.words, self)
        except BadArgument as error:
            self._problems.add_argument(line, error, condition.usage)
            return False

    def _close(self, content: str, origin: Origin, floor: int) -> None:
        name = content[2:].removesuffix(">").strip(SPACE)
        line = Line(f"</{name}>", (), Place(origin, self.server_root), self._order)
        if not content.endswith(">"):
            self._problems.add(line, f"{line.name} needs a '>' at the end of the line")
        key = f"<{name}>".lower()
        if any(entry.key == key for entry in self._open[floor:]):
            self._close_until(key)
        elif len(self._open) > floor and (_is_unknown(key) or _is_unknown(self._open[-1].key)):
            self._close_misspelt(line)
        else:
            self._problems.add(line, f"{line.name} closes no section")

    def _close_until(self, key: str) -> None:
        while (entry := self._open.pop()).key != key:
            self._report_unclosed(entry)
        entry.section.closed = True

    def _close_misspelt(self, line: Line) -> None:
        """One of the two names is none: it is the other, misspelt. An unknown opening is reported later anyway."""
        section = self._open.pop().section
        section.closed = True
        if not _is_unknown(section.opening.name.lower()):
            at = section.opening.place.origin
            self._problems.add(line, f"{line.name} does not close {section.opening.name} of {at}")

    def _report_unclosed(self, entry: _Open) -> None:
        opening = entry.section.opening
        self._problems.add(
            opening, f"{opening.name} is not closed", f"add </{opening.name[1:]} where it ends"
        )

    # --- directives that are obeyed at once ---------------------------------------------------------------------------

    def _obey(self, line: Line) -> None:
        directive, obey = self._obeyed[line.name.lower()]
        try:
            obey(directive.arguments.parse(line.words, line.place), line)
        except (BadArgument, OSError) as error:
            self._problems.add_argument(line, error, directive.usage)

    def _define(self, definition: tuple[str, str], _line: Line) -> None:
        name, self._defines.names[name] = definition

    def _undefine(self, name: str, _line: Line) -> None:
        self._defines.names.pop(name, None)

    def _load_module(self, module: tuple[str, str | None], _line: Line) -> None:
        self._vocabulary.load(*module)

    def _move_root(self, line: Line) -> None:
        """ServerRoot is an ordinary directive of the core, but it holds for the very next line."""
        self.server_root = self.server_root.joinpath(*line.words[:1])

    def _include(self, text: str, line: Line) -> None:
        if not matching_paths(text, self.server_root):
            raise BadArgument(f"there is no {self.server_root / text}", "IncludeOptional would allow that")
        self._include_optional(text, line)

    def _include_optional(self, text: str, line: Line) -> None:
        for path in matching_paths(text, self.server_root):
            for file in files_in(path):
                self._include_file(file, line)

    def _include_file(self, file: Path, line: Line) -> None:
        if os.path.realpath(file) in self._including:
            self._problems.add(line, f"{line.name}: {file} would include itself")
        elif len(self._including) > _DEEPEST:
            self._problems.add(
                line, f"{line.name}: {file} would be the file number {_DEEPEST} in a chain of Includes"
            )
        else:
            try:
                self.read_file(file)
            except OSError as error:
                self._problems.add_argument(line, error)


def _split_name(content: str) -> tuple[str, str]:
    match = _NAME.fullmatch(content)
    return (match["name"], match["rest"]) if match else ("", content)


def _is_unknown(key: str) -> bool:
    return key not in SECTIONS and key not in CONDITIONS
