"""A module for tests of processes: its handler tells who answers, and defines in the configuration make workers fail.

GET /               "PID GENERATION\\n"
GET /sleep?SECONDS  the same, after waiting; the error log tells when that begins
GET /debug          the same, after a breakpoint
GET /hang           never returns, and does not let the worker do anything else; the error log tells when that begins
"""

import os
import time

import gevent

from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response


def _handler(generation, _host, _settings) -> RequestPhase:
    def answer(request: Request) -> Response:
        if request.path == "/sleep":
            generation.logs.server.write(Level.NOTICE, "sleeping")
            gevent.sleep(float(request.query or 0))
        elif request.path == "/debug":
            breakpoint()
        elif request.path == "/hang":
            generation.logs.server.write(Level.NOTICE, "hanging")
            while True:
                time.sleep(0.01)
        text = f"{os.getpid()} {generation.number}\n"
        return Response(200, [("Content-Type", "text/plain")], text.encode())

    return answer


def _worker_start(worker) -> None:
    defines = worker.generation.configuration.defines
    if "FAIL" in defines:
        raise RuntimeError("the tiny module fails")
    if "HANG" in defines:
        time.sleep(60)


module = Module(name="tiny_module", hooks=Hooks(handler=_handler, worker_start=_worker_start))
