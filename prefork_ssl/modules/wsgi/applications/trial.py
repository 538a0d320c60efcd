"""prefork-ssl -t: whether the applications can be imported, tried in a process of its own that ends afterwards."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import NoReturn

from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.process.privileges import become, worker_identity
from prefork_ssl.modules.wsgi.applications.loading import Applications, unreadable_library
from prefork_ssl.modules.wsgi.applications.patching import patch, wants_patches

# A problem on its way from the process: the number of the mount (-1: of none), message, hint.
_Told = tuple[int, str, str]


def problems_of(configuration: Configuration) -> list[Problem]:
    """What would keep the applications from being imported by a worker."""
    applications = Applications(configuration)
    if not applications.mounts:
        return []
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _try(applications, configuration, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        return [
            Problem(f"the applications cannot be tried: the process that imported them ended {_how(status)}")
        ]
    origins = [*(mount.origin for mount in applications.mounts.values()), None]
    return [Problem(message, origins[number], hint) for number, message, hint in json.loads(told)]


def _try(applications: Applications, configuration: Configuration, writing: int) -> NoReturn:
    """The life of the process. It tells in JSON: the code that it runs may not deserve the trust of who reads it."""
    status = 1
    try:
        identity = worker_identity(configuration.server.settings)
        if identity is not None:
            become(identity)
        with os.fdopen(writing, "w") as pipe:
            json.dump(list(_found(applications, configuration)), pipe)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _found(applications: Applications, configuration: Configuration) -> Iterator[_Told]:
    if (problem := unreadable_library()) is not None:
        yield -1, problem.message, problem.hint
        return
    if wants_patches(configuration):
        patch()
    numbers = {mount: number for number, mount in enumerate(applications.mounts.values())}
    for failure in applications.load():
        yield numbers[failure.mount], failure.problem.message, failure.problem.hint


def _how(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
