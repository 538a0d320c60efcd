"""A module whose handler tells where a request has led: what the tests of rules look at."""

from __future__ import annotations

import json

from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response


def _tell(request: Request) -> Response:
    told = {
        "path": request.path,
        "filename": request.filename,
        "path_info": request.path_info,
        "query": request.query,
        "handler": request.handler,
        "env": request.env,
    }
    return Response(200, [("Content-Type", "application/json")], json.dumps(told).encode())


def _handler(_generation, _host, _settings) -> RequestPhase:
    return _tell


module = Module(name="telling", hooks=Hooks(handler=_handler))
