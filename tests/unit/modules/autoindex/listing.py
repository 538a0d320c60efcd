"""Listings without a server: settings from lines of a configuration, a folder, and what the handler says about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unit.modules.asking import body_of, new_generation, new_request
from unit.modules.autoindex.pages import Page

from prefork_ssl.config.directives import Directive, Place
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.words import split_words
from prefork_ssl.kernel.directives import DIRECTORY_HANDLER, DOCUMENT_ROOT, OPTIONS
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.request import Response
from prefork_ssl.modules.autoindex.directives import DIRECTIVES
from prefork_ssl.modules.autoindex.module import module

_BY_NAME: Mapping[str, Directive[Any]] = {each.name: each for each in (OPTIONS, *DIRECTIVES)}


def values(*lines: str) -> dict[Directive[Any], Any]:
    """What lines in one scope say."""
    said: dict[Directive[Any], Any] = {}
    for line in lines:
        name, _, rest = line.partition(" ")
        directive = _BY_NAME[name]
        value = directive.arguments.parse(split_words(rest), Place(Origin("test.conf", 1), Path("/")))
        key = directive.part_of or directive
        said[key] = key.repeat(said[key], value) if key in said else value
    return said


@dataclass
class Folder:
    """A folder below DocumentRoot, served at /list/."""

    top: Path
    lines: list[str] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.top / "root/list"

    def generation(self) -> Generation:
        """The configuration with `lines`, and Options Indexes if they say nothing of Options."""
        given = {**values("Options Indexes"), **values(*self.lines), DOCUMENT_ROOT: self.top / "root"}
        generation = new_generation(self.top, given, (module,))
        assert module.hooks.prepare
        module.hooks.prepare(generation)
        return generation

    def ask(self, query: str = "", *, method: str = "GET", **headers: str) -> Response | None:
        """What the handler answers to a request for the folder."""
        generation = self.generation()
        host = generation.configuration.server
        assert module.hooks.handler
        handler = module.hooks.handler(generation, host, host.settings)
        if handler is None:
            return None
        request = new_request(generation, f"/list/{query}", method=method, **headers)
        request.filename, request.handler = f"{self.path}/", DIRECTORY_HANDLER
        response = handler(request)
        assert response is None or isinstance(response, Response)
        return response

    def page(self, query: str = "") -> Page:
        """The page, which must be one of ours through and through."""
        response = self.ask(query)
        assert response is not None
        assert response.status == 200
        page = Page(body_of(response))
        assert page.foreign == []
        return page

    def names(self, query: str = "") -> list[str]:
        """The names on the page."""
        return self.page(query).names
