"""What the module does when: URL paths become file names, and files become responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.directives import DOCUMENT_ROOT
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Handler, Hooks, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.files.directives import DIRECTIVES
from prefork_ssl.modules.files.handler import FileHandler
from prefork_ssl.modules.files.open_files import Files

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker

# The module that has the handler of folders without index file.
_LISTINGS = "autoindex_module"

FILES = Key[Files]("open files")


def _prepare(generation: Generation) -> None:
    generation.keep(FILES, Files())


def _follow(worker: Worker) -> None:
    worker.generation[FILES].turn = worker.loop.now


def _translate(_generation: Generation, host: Host) -> RequestPhase | None:
    """The file below DocumentRoot, unless a module before has chosen another."""
    root = host.settings[DOCUMENT_ROOT]
    if root is None:
        return None
    prefix = str(root).rstrip("/")

    def translate(request: Request) -> Response | None:
        if request.filename is None and request.path.startswith("/"):
            request.filename = prefix + request.path
        return None

    return translate


def _handler(generation: Generation, host: Host, settings: Settings) -> Handler:
    listings = _LISTINGS in generation.configuration.modules
    return FileHandler(settings, generation[FILES], generation.logs.for_host(host), listings=listings)


module = Module(
    name="files",
    directives=DIRECTIVES,
    hooks=Hooks(prepare=_prepare, worker_start=_follow, translate=_translate, handler=_handler),
    after=("rewrite_module", "alias_module", "welcome_module", "wsgi_module"),
)

# What Apache has in mod_dir and mod_mime is in this one: their LoadModule lines load it.
companion = Module(name="files", needs=("files_module",))
