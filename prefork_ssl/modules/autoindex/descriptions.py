"""AddDescription: what a listing says about files, by their names."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place

_WILDCARDS = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Description:
    """A text (HTML, as in Apache), and the files that it is about: `fits` is asked about paths."""

    text: str
    fits: Callable[[str], object]


def parse_description(words: Words, _place: Place) -> tuple[Description, ...]:
    """AddDescription text file ... : each an extension, a part of a name, or a pattern with wildcards or folders."""
    text, *files = words
    return tuple(Description(text, _fitting(file)) for file in files)


def describing(descriptions: tuple[Description, ...], folder: str) -> Callable[[str], str]:
    """The function that gives the first description that fits a name in `folder`, or ""."""
    prefix = folder.rstrip("/") + "/"
    return lambda name: next((each.text for each in descriptions if each.fits(prefix + name)), "")


def _fitting(file: str) -> Callable[[str], object]:
    if "/" in file:
        return re.compile(fnmatch.translate(f"*/{file.lstrip('/')}*")).match
    if _WILDCARDS.search(file):
        return re.compile(fnmatch.translate(f"*{file}*")).match
    return lambda path: file in path.rpartition("/")[2]
