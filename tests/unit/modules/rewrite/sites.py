"""Configurations with rules, read and built as the server does, and what they make of requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unit.modules.asking import LOCAL, body_of, new_request

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import ConfigError
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.dispatch.dispatch import Dispatcher
from prefork_ssl.kernel.generation import build, check_configuration, load_order
from prefork_ssl.kernel.loader import Loader

# Whatever is handed on is told about, and never answered with a file.
HEAD = """\
LoadModule telling_module unit.modules.rewrite.telling:module
LoadModule rewrite_module
LoadModule files_module
LoadModule alias_module
LoadModule authz_module
LoadModule proxy_module
ServerName www.example.com
ErrorLog logs/error_log
DocumentRoot htdocs
"""


@dataclass
class Answer:
    """A response; `told` is what telling.py has told, {} if something else has answered."""

    status: int
    headers: list[tuple[str, str]]
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str | None:
        return dict(self.headers).get("Location")


def read(folder: Path, text: str, head: str = HEAD) -> tuple[Configuration, Loader]:
    """Make the folders that every site has, and read."""
    for name in ("logs", "htdocs"):
        (folder / name).mkdir(exist_ok=True)
    file = folder / "server.conf"
    file.write_text(head + text)
    loader = Loader()
    configuration = read_configuration(
        file, server_root=folder, core=CORE_DIRECTIVES, modules=loader, defines={}, environment={}
    )
    return configuration, loader


class Site:
    """A server with these lines."""

    def __init__(self, folder: Path, text: str, head: str = HEAD) -> None:
        self.folder = folder
        configuration, loader = read(folder, text, head)
        self.generation = build(configuration, loader, 1)
        self._endpoint = Dispatcher(self.generation).at(LOCAL)

    def fetch(self, target: str, **headers: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, fields and body of the answer to a request."""
        request = new_request(self.generation, target, **{"host": "www.example.com", **headers})
        response = self._endpoint.answer(request)
        return response.status, response.headers, body_of(response)

    def get(self, target: str, **headers: str) -> Answer:
        """The answer to a request, and what telling.py tells of it."""
        status, fields, body = self.fetch(target, **headers)
        told = json.loads(body) if ("Content-Type", "application/json") in fields else {}
        return Answer(status, fields, told)

    def path(self, target: str, **headers: str) -> str:
        """What comes of a target: the file below DocumentRoot, "STATUS LOCATION", or "STATUS"."""
        answer = self.get(target, **headers)
        if answer.status != 200:
            return f"{answer.status} {answer.location}" if answer.location else str(answer.status)
        query = answer.told["query"]
        name = answer.told["filename"].removeprefix(str(self.folder / "htdocs"))
        return name if query is None else f"{name}?{query}"

    def log(self) -> str:
        """The error log."""
        return (self.folder / "logs/error_log").read_text()


def problems(folder: Path, text: str, head: str = HEAD) -> list[str]:
    """What is wrong with the lines, without the folder's name."""
    try:
        configuration, loader = read(folder, text, head)
        check_configuration(configuration, load_order(configuration, loader))
    except ConfigError as error:
        return str(error).replace(f"{folder}/", "").splitlines()
    return []
