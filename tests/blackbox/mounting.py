"""Servers that run the WSGI application in applications/plain.py, in each way in which applications run."""

from __future__ import annotations

import itertools
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from blackbox import clients
from blackbox.server import Server
from blackbox.until import until

APPLICATIONS = Path(__file__).with_name("applications")

# A Python in root's home cannot be used by others: then workers stay root, too.
_PRIVATE_PYTHON = os.geteuid() == 0 and not all(
    path.stat().st_mode & 0o001 for path in Path(os.__file__).parents
)
ROOT = "User root\n" if _PRIVATE_PYTHON else ""

# One worker, so that the application's notes are all in one place.
PLAIN = f"""\
{ROOT}LoadModule wsgi_module
StartServers 1
WSGIPythonPath @applications
WSGIApplication /plain plain:application
"""
# How applications run: what is added to the configuration.
WAYS = {
    "greenlets": "",
    "threads": "WSGIThreads 4\n",
    "patched threads": "WSGIThreads 4\nWSGIMonkeyPatch on\n",
}


def notes(server: Server) -> list[str]:
    """What the application has noted since the last call."""
    return json.loads(clients.get(server.http, "/plain/notes").body)


def noted(server: Server, note: str) -> None:
    """Wait until the application notes it."""
    until(lambda: note in notes(server), f"{note!r} is noted")


@dataclass
class Message:
    """A message of the error log: its first line without time and process, and the traceback that follows."""

    head: str
    traceback: list[str]


_LINE = re.compile(r"(\[[^]]+\] \[\w+:error\] \[pid \d+\](?: \[client [^]]+\])?) (.*)")


def messages(server: Server) -> list[Message]:
    """The errors in the error log. Lines of one moment, process and client are one message."""
    grouped = itertools.groupby(
        filter(None, map(_LINE.fullmatch, server.log().splitlines())), lambda line: line[1]
    )
    lines = [[line[2] for line in group] for _, group in grouped]
    return [Message(head, traceback) for head, *traceback in lines]
