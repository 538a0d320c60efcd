"""Requests on a real connection's transport, and generations whose logs are real files."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.dispatch.hosts import HostTable
from prefork_ssl.kernel.dispatch.site import Site
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.log.logs import Logs
from prefork_ssl.kernel.request import NO_BODY, FileBody, Request, Response
from prefork_ssl.kernel.transport import Transport, Wire

PEER = ("192.0.2.7", 40000)
LOCAL = ("192.0.2.1", 8080)


def new_generation(
    root: Path, values: Mapping[Directive[Any], Any], modules: tuple[Any, ...] = ()
) -> Generation:
    """One host with these settings; `root` is ServerRoot and gets a logs folder."""
    (root / "logs").mkdir(exist_ok=True)
    configuration = Configuration(Host(Settings(values), ()), (), root)
    return Generation(1, configuration, modules, Logs(configuration), HostTable(configuration))


def new_request(
    generation: Generation, target: str, *, path: str | None = None, method: str = "GET", **headers: str
) -> Request:
    """A request for `target`, whose decoded path is `path` if it is not just the same. Underscores in the names of
    `headers` stand for hyphens."""
    ours, theirs = socket.socketpair()
    theirs.close()
    fields = [(name.replace("_", "-").lower(), value) for name, value in headers.items()]
    request = Request(method, target, "HTTP/1.1", fields, NO_BODY, Transport(Wire(ours, PEER, LOCAL)))
    request.host = generation.configuration.server
    request.site = Site(generation, request.host)
    request.host_name = "www.example.com"
    request.settings = request.host.settings
    before, mark, after = target.partition("?")
    request.path = before if path is None else path
    request.query = after if mark else None
    return request


def body_of(response: Response) -> bytes:
    """The response's body, read as the HTTP loop would; it must be as long as announced."""
    body = response.body
    if isinstance(body, FileBody):
        data = os.pread(body.fd, body.count, body.offset)
        os.close(body.fd)
    elif isinstance(body, bytes) or body is None:
        data = body or b""
    else:
        data = b"".join(body)
        body.close()  # type: ignore[attr-defined]
    if body is not None:
        assert response.length == len(data)
    return data
