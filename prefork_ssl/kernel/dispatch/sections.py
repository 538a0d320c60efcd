"""Which <Directory>, <Files> and <Location> sections hold for a request, and their settings merged in Apache's order:
<Directory> from the shortest path to the longest, <DirectoryMatch>, <Files>, <Location>.

The answer depends on the URL path and the file name alone, but for one thing: whether a name without a trailing slash
is a file or a directory. Where that makes a difference the file system is asked, each time; elsewhere the answer is
remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import DirectorySection, Host, SectionKind
from prefork_ssl.kernel.dispatch.phases import DirectoryPhases

Sections = tuple[DirectorySection, ...]
# What is remembered at most: answers, by paths that clients choose; merged settings, by sections that hold together.
_ANSWERS = 4096
_MERGED = 1024
_LONGEST = 512  # characters of a path


class _Ambiguous:
    """The answer depends on what the file name leads to."""

    __slots__ = ("directory", "file")

    def __init__(self, file: DirectoryPhases, directory: DirectoryPhases) -> None:
        self.file = file
        self.directory = directory


class SectionTable:
    """The sections of one virtual host. `base` are the phases where none of them holds."""

    def __init__(self, host: Host, compile_phases: Callable[[Settings], DirectoryPhases]) -> None:
        self.base = compile_phases(host.settings)
        self._host = host
        self._compile = compile_phases
        self._merged: dict[Sections, DirectoryPhases] = {(): self.base}
        self._answers: dict[tuple[str, str | None], DirectoryPhases | _Ambiguous] = {}

    def find(self, path: str, filename: str | None) -> DirectoryPhases:
        """The phases for a decoded URL path and the file name that it leads to."""
        if not self._host.sections:
            return self.base
        answer = self._answers.get((path, filename))
        if answer is None:
            answer = self._learn(path, filename)
        if isinstance(answer, _Ambiguous):
            return answer.directory if _is_directory(filename or "") else answer.file
        return answer

    def _learn(self, path: str, filename: str | None) -> DirectoryPhases | _Ambiguous:
        answer = self._search(path, filename)
        if len(path) <= _LONGEST:
            if len(self._answers) >= _ANSWERS:
                self._answers.clear()
            self._answers[path, filename] = answer
        return answer

    def _search(self, path: str, filename: str | None) -> DirectoryPhases | _Ambiguous:
        if filename is None:
            return self._phases(path, "", "")
        folder, _, name = filename.rpartition("/")
        file = self._phases(path, f"{folder}/", name)
        directory = self._phases(path, f"{filename}/", "") if name else file
        return file if file is directory else _Ambiguous(file, directory)

    def _phases(self, path: str, directory: str, name: str) -> DirectoryPhases:
        sections = tuple(matching(self._host.sections, path, directory, name))
        phases = self._merged.get(sections)
        if phases is None:
            if len(self._merged) >= _MERGED:
                self._merged = {(): self.base}
            phases = self._merged[sections] = self._compile(merged(self._host.settings, sections))
        return phases


def _is_directory(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # a name too long, a folder closed to us: whoever opens the file will meet it again
        return False


def matching(sections: Sections, path: str, directory: str, name: str) -> Iterator[DirectorySection]:
    """Those that hold for a decoded URL path, a directory (with a trailing slash, "" for none) and a file's base name
    ("" for none), in the order in which they merge."""
    nested: list[DirectorySection] = []
    for kind in (SectionKind.DIRECTORY, SectionKind.DIRECTORY_MATCH):
        for section in sections:
            if section.kind is kind and directory and section.pattern.search(directory):
                yield section
                nested.extend(section.files)
    for section in (*(each for each in sections if each.kind is SectionKind.FILES), *nested):
        if name and section.pattern.search(name):
            yield section
    for section in sections:
        if section.kind is SectionKind.LOCATION and section.pattern.search(path):
            yield section


def merged(settings: Settings, sections: Sections) -> Settings:
    """The host's settings with those of the sections inside, one after the other."""
    for section in sections:
        settings = section.settings.inside(settings)
    return settings
