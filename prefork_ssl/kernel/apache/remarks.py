"""What is said about lines that a configuration has in vain: once for each reason, at the first of the lines."""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.config.inert import Inert, Remark
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.apache.modules import DISPENSABLE


def remarks(configuration: Configuration) -> Iterator[str]:
    """Lines with the place, the directive, and what holds instead."""
    for name, origin in configuration.absent_modules.items():
        yield f"{origin}: LoadModule {name} is passed over: {DISPENSABLE[name]}"
    yield from _of_directives(configuration)


def _of_directives(configuration: Configuration) -> Iterator[str]:
    """One line for all that there is one thing to say of, at the first place."""
    found: dict[str, dict[Remark, None]] = {}
    for remark in _found(configuration):
        found.setdefault(remark.text, {})[remark] = None  # each once, although virtual hosts inherit
    for text, remarks_of_text in found.items():
        names = dict.fromkeys(remark.directive for remark in remarks_of_text)
        more = len(remarks_of_text) - len(names)
        yield (
            f"{next(iter(remarks_of_text)).origin}: no effect: {', '.join(names)}"
            f"{f' (and {more} lines more)' if more else ''}: {text}"
        )


def _found(configuration: Configuration) -> Iterator[Remark]:
    for scope in configuration.scopes:
        for directive in scope:
            if isinstance(directive, Inert):
                yield from scope[directive]
