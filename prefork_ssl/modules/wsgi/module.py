"""wsgi_module: only wiring, which hook calls which function."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Hooks, Report, RequestPhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.wsgi.applications.service import Service
from prefork_ssl.modules.wsgi.applications.trial import problems_of
from prefork_ssl.modules.wsgi.directives import DIRECTIVES, WSGI_APPLICATION, WSGI_MONKEY_PATCH, WSGI_PRELOAD
from prefork_ssl.modules.wsgi.gateway.environ import Surroundings
from prefork_ssl.modules.wsgi.gateway.gateway import Gateway
from prefork_ssl.modules.wsgi.mounts import MountTable
from prefork_ssl.modules.wsgi.running.stages import Stages

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker

# As mod_wsgi names it; a SetHandler that names another takes a place below a mount away from its application.
HANDLER = "wsgi-script"

SERVICE = Key[Service]("wsgi service")
STAGES = Key[Stages]("wsgi stages")

# The note of a request by which the handler knows its mount: a variable of CGI, which logs can show, too.
_MOUNT = "SCRIPT_NAME"


def _check(configuration: Configuration, _modules: Sequence[Module], report: Report) -> None:
    settings = configuration.server.settings
    if settings[WSGI_PRELOAD] and settings[WSGI_MONKEY_PATCH]:
        message = "WSGIMonkeyPatch on does not go with WSGIPreload: the master, which imports then, must not be patched"
        report(Problem(message, settings.origin(WSGI_MONKEY_PATCH), "choose one of them"))


def _prepare(generation: Generation) -> None:
    generation.keep(SERVICE, Service(generation))
    generation.keep(STAGES, Stages())


def _examine(configuration: Configuration) -> Iterable[str]:
    problems = problems_of(configuration)
    if problems:
        raise ConfigError(problems)
    return ()


def _worker_start(worker: Worker) -> None:
    worker.generation[SERVICE].begin(worker.generation.logs.server)


def _worker_stop(worker: Worker) -> None:
    worker.generation[SERVICE].end()


def _translate(_generation: Generation, host: Host) -> RequestPhase | None:
    """Finds the mount, unless an Alias has taken the request. A script's file stands for the sections about it."""
    mounts = host.settings[WSGI_APPLICATION]
    if not mounts:
        return None
    table = MountTable(mounts)

    def translate(request: Request) -> Response | None:
        mount = table.find(request.path) if request.filename is None else None
        if mount is None:
            request.env.pop(_MOUNT, None)
        else:
            request.env[_MOUNT] = mount.prefix
            request.path_info = request.path[len(mount.prefix) :]
            request.filename = mount.source.file
        return None

    return translate


def _handler(generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    mounts = host.settings[WSGI_APPLICATION]
    if not mounts:
        return None
    offers = [module.hooks.environment for module in generation.modules if module.hooks.environment]
    environments = [told for offer in offers if (told := offer(generation, host, settings))]
    stage, log = generation[STAGES].at(settings), generation.logs.for_host(host)
    gateways = {
        mount.prefix: Gateway(
            generation[SERVICE].applications,
            mount.source,
            Surroundings(generation, host, mount, environments),
            stage,
            log,
        )
        for mount in mounts.values()
    }

    def answer(request: Request) -> Response | None:
        prefix = request.env.get(_MOUNT)
        if prefix is None or request.handler not in (None, HANDLER):
            return None
        request.handler = HANDLER
        return gateways[prefix].answer(request)

    return answer


module = Module(
    name="wsgi_module",
    directives=DIRECTIVES,
    hooks=Hooks(
        check=_check,
        prepare=_prepare,
        examine=_examine,
        worker_start=_worker_start,
        worker_stop=_worker_stop,
        translate=_translate,
        handler=_handler,
    ),
    after=("rewrite_module", "alias_module"),
)
