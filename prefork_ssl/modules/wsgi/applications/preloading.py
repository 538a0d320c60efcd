"""WSGIPreload: applications imported in the master, for the workers that will be forked from it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Collection

from gevent._hub_local import get_hub_if_exists

from prefork_ssl.modules.wsgi.applications.loading import Applications, Failure
from prefork_ssl.modules.wsgi.applications.source import NotAnApplication
from prefork_ssl.modules.wsgi.applications.world import World


def preload(applications: Applications) -> tuple[World, list[Failure]]:
    """Import the applications, and leave the interpreter as it was. Their world is for the workers to enter."""
    gc.unfreeze()  # what earlier generations have left can now be freed
    world = World()
    threads = set(threading.enumerate())
    try:
        failures = applications.load() or _unfit(applications, set(threading.enumerate()) - threads)
    finally:
        world.leave()
    # The workers share this memory as long as nobody writes to it, and a collection would.
    gc.collect()
    gc.freeze()
    return world, failures


def _unfit(applications: Applications, threads: Collection[threading.Thread]) -> list[Failure]:
    """What a fork would break: threads do not go on in the workers, and an event loop would go on in each of them, with
    the same descriptors."""
    hub = get_hub_if_exists()
    if hub is not None:
        hub.destroy(destroy_loop=True)
        return _failures(applications, "waits with gevent")
    return _failures(applications, "starts a thread") if threads else []


def _failures(applications: Applications, does: str) -> list[Failure]:
    error = NotAnApplication(
        f"one of the applications {does} while it is imported, which needs WSGIPreload off"
    )
    return [Failure(mount, error) for mount in applications.mounts.values()]
