"""WSGIPreload: applications imported in the master, for the workers that will be forked from it."""

from __future__ import annotations

import gc

from gevent._hub_local import get_hub_if_exists

from prefork_ssl.modules.wsgi.applications.loading import Applications, Failure
from prefork_ssl.modules.wsgi.applications.source import NotAnApplication
from prefork_ssl.modules.wsgi.applications.world import World


def preload(applications: Applications) -> tuple[World, list[Failure]]:
    """Import the applications, and leave the interpreter as it was. Their world is for the workers to enter."""
    gc.unfreeze()  # what earlier generations have left can now be freed
    ours = World()
    try:
        failures = applications.load() or _loops(applications)
        theirs = World()
    finally:
        ours.enter()
    # The workers share this memory as long as nobody writes to it, and a collection would.
    gc.collect()
    gc.freeze()
    return theirs, failures


def _loops(applications: Applications) -> list[Failure]:
    """An event loop that was used in the master would go on in each worker, with the same descriptors."""
    hub = get_hub_if_exists()
    if hub is None:
        return []
    hub.destroy(destroy_loop=True)
    error = NotAnApplication(
        "one of the applications waits with gevent while it is imported, which needs WSGIPreload off"
    )
    return [Failure(mount, error) for mount in applications.mounts.values()]
