"""Text in, nodes out: directives and sections as written, each with its place.

What decides about the text itself is obeyed here, as it is read: Include, Define and ${NAME}, conditions, LoadModule,
ServerRoot. Everything else is left to build.py. Nothing stops the reading: what is wrong is added to the problems, and
what remains is read on as it was probably meant.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Container
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
from prefork_ssl.config.nesting import Nesting
from prefork_ssl.config.nodes import Line, Node
from prefork_ssl.config.problems import Problems
from prefork_ssl.config.vocabulary import Vocabulary
from prefork_ssl.config.words import SPACE, split_words

# Files that include files; more is a mistake.
_DEEPEST = 20

_BLANKS = re.compile(f"[{SPACE}]+")


class Reader:
    """One reading of a configuration. `files` are what it has read."""

    def __init__(
        self, server_root: Path, defines: Defines, vocabulary: Vocabulary, problems: Problems
    ) -> None:
        self.server_root = server_root
        self.files: list[Path] = []
        self._defines = defines
        self._vocabulary = vocabulary
        self._problems = problems
        self._nesting = Nesting(problems, vocabulary.has_section)
        self._including: list[str] = []
        self._order = 0

    @property
    def nodes(self) -> list[Node]:
        """What has been found so far."""
        return self._nesting.nodes

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
        floor = self._nesting.depth
        for number, content in logical_lines(text):
            self._order += 1
            origin = Origin(source, number)
            if content.startswith("</"):
                self._nesting.close(self._closing(content, origin), floor)
            elif content[0] == "<":
                self._section(content, origin)
            elif not self._nesting.skipping:
                self._directive(content, origin)
        self._nesting.end(floor)

    def _line(self, name: str, text: str, origin: Origin) -> Line:
        place = Place(origin, self.server_root)
        directive = self._vocabulary.find(name)
        split = directive.arguments.split if directive else split_words
        try:
            return Line(name, self._words(text, split), place, self._order)
        except BadArgument as error:
            broken = Line(name, (), place, self._order, readable=False)
            self._problems.add_argument(broken, error)
            return broken

    def _words(self, text: str, split: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
        if "\0" in text:
            raise BadArgument("there is a NUL character in this line")
        words = split(text)
        return self._defines.substitute(words) if "${" in text else words

    def _directive(self, content: str, origin: Origin) -> None:
        name, text = _split_name(content)
        line = self._line(name, text, origin)
        if not line.readable:
            return
        if name.lower() in _OBEYED:
            self._obey(line)
        else:
            self._nesting.add(line)
        if name.lower() == "serverroot":
            self._move_root(line)

    def _section(self, content: str, origin: Origin) -> None:
        name, text = _split_name(content[1:].removesuffix(">"))
        name = f"<{name}>"
        if self._nesting.skipping:
            self._nesting.open_skipped(Line(name, (), Place(origin, self.server_root), self._order))
            return
        line = self._line(name, text, origin)
        if not content.endswith(">"):
            self._problems.add(line, f"{name} needs a '>' at the end of the line")
        condition = CONDITIONS.get(name.lower())
        if condition is None:
            self._nesting.open(line)
        elif self._holds(condition, line):
            self._nesting.open_through(line)
        else:
            self._nesting.open_skipped(line)

    def _holds(self, condition: Condition, line: Line) -> bool:
        try:
            return line.readable and condition.holds(line.words, self)
        except BadArgument as error:
            self._problems.add_argument(line, error, condition.usage)
            return False

    def _closing(self, content: str, origin: Origin) -> Line:
        name = content[2:].removesuffix(">").strip(SPACE)
        line = Line(f"</{name}>", (), Place(origin, self.server_root), self._order)
        if not content.endswith(">"):
            self._problems.add(line, f"{line.name} needs a '>' at the end of the line")
        return line

    # --- directives that are obeyed at once ---------------------------------------------------------------------------

    def _obey(self, line: Line) -> None:
        directive, obey = _OBEYED[line.name.lower()]
        try:
            obey(self, directive.arguments.parse(line.words, line.place), line)
        except (BadArgument, OSError) as error:
            self._problems.add_argument(line, error, directive.usage)

    def _define(self, definition: tuple[str, str], _line: Line) -> None:
        name, self._defines.names[name] = definition

    def _undefine(self, name: str, _line: Line) -> None:
        self._defines.names.pop(name, None)

    def _load_module(self, module: tuple[str, str | None], line: Line) -> None:
        self._vocabulary.load(*module, line.place.origin)

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
            self._problems.add(line, f"{line.name}: {file} is more than {_DEEPEST} Includes deep")
        else:
            try:
                self.read_file(file)
            except OSError as error:
                self._problems.add_argument(line, error)


_OBEYED: dict[str, tuple[Directive[Any], Callable[[Reader, Any, Line], None]]] = {
    directive.name.lower(): (directive, obey)
    for directive, obey in (
        (DEFINE, Reader._define),
        (UNDEFINE, Reader._undefine),
        (INCLUDE, Reader._include),
        (INCLUDE_OPTIONAL, Reader._include_optional),
        (LOAD_MODULE, Reader._load_module),
    )
}


def _split_name(content: str) -> tuple[str, str]:
    name, *rest = _BLANKS.split(content, maxsplit=1)
    return sys.intern(name), "".join(rest)
