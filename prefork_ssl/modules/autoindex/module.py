"""autoindex_module: only wiring, what happens when."""

from __future__ import annotations

from gevent.lock import Semaphore

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import OPTIONS
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Handler, Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.autoindex.directives import DIRECTIVES
from prefork_ssl.modules.autoindex.listing import Listing

# Folders that a worker reads at a time. A huge one needs memory for all its names while it is read.
_AT_A_TIME = 4

TURNS = Key[Semaphore]("turns to read a folder")


def _prepare(generation: Generation) -> None:
    generation.keep(TURNS, Semaphore(_AT_A_TIME))


def _handler(generation: Generation, host: Host, settings: Settings) -> Handler | None:
    if not settings[OPTIONS].indexes:
        return None
    return Listing(settings, generation[TURNS], generation.logs.for_host(host))


module = Module(
    name="autoindex",
    directives=DIRECTIVES,
    hooks=Hooks(prepare=_prepare, handler=_handler),
    after=("files_module",),
)
