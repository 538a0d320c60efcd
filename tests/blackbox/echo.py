"""A module for tests: where SetHandler says echo, it answers with what it was sent and told, as JSON.

{"method", "path", "length" and "digest" (SHA-256) of the body, "user", "headers": {}, "environment": {}}
"""

import hashlib
import json

from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response


def _handler(generation, host, settings) -> RequestPhase:
    factories = [module.hooks.environment for module in generation.modules]
    sources = [factory(generation, host, settings) for factory in factories if factory is not None]

    def answer(request: Request) -> Response | None:
        if request.handler != "echo":
            return None
        body = b"".join(iter(lambda: request.body.read(4096), b""))
        told = {
            "method": request.method,
            "path": request.path,
            "length": len(body),
            "digest": hashlib.sha256(body).hexdigest(),
            "user": request.user,
            "headers": dict(request.headers),
            "environment": {
                name: value
                for source in sources
                if source is not None
                for name, value in source(request).items()
                if isinstance(value, str)
            },
        }
        return Response(200, [("Content-Type", "application/json")], json.dumps(told).encode())

    return answer


module = Module(name="echo_module", hooks=Hooks(handler=_handler))
