"""proxy_module: only wiring, what happens when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Handler, Hooks, RequestPhase, Translate
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.proxy.checking import check
from prefork_ssl.modules.proxy.directives import (
    DIRECTIVES,
    PROXY_PASS_REVERSE,
    PROXY_PASS_REVERSE_COOKIE_DOMAIN,
    PROXY_PASS_REVERSE_COOKIE_PATH,
    PROXY_TRUST_FORWARDED,
)
from prefork_ssl.modules.proxy.handler import HANDLER, ProxyHandler
from prefork_ssl.modules.proxy.placing import placed_mappings, routes_of
from prefork_ssl.modules.proxy.request_head import cleaning
from prefork_ssl.modules.proxy.reverse import rewriting
from prefork_ssl.modules.proxy.translation import Translation
from prefork_ssl.modules.proxy.upstreams import UPSTREAMS, Upstreams

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker


def _prepare(generation: Generation) -> None:
    upstreams = Upstreams(generation)
    generation.keep(UPSTREAMS, upstreams)
    for host in generation.configuration.all_hosts:
        for route in routes_of(host):
            if route.destination is not None:
                upstreams.name(route.destination)


def _worker_start(worker: Worker) -> None:
    worker.generation[UPSTREAMS].watch.start(worker.loop)


def _post_read(_generation: Generation, host: Host) -> RequestPhase | None:
    return cleaning(host.settings[PROXY_TRUST_FORWARDED]) if routes_of(host) else None


def _translate(generation: Generation, host: Host) -> Translate | None:
    routes = routes_of(host)
    return Translation(routes, generation[UPSTREAMS]) if routes else None


def _fixup(_generation: Generation, host: Host, _settings: Settings) -> RequestPhase | None:
    """On hosts without ProxyPass, the only requests that are cleaned are those which another module has handed on."""
    if routes_of(host):
        return None
    clean = cleaning(host.settings[PROXY_TRUST_FORWARDED])

    def fix_up(request: Request) -> Response | None:
        return clean(request) if request.handler == HANDLER else None

    return fix_up


def _handler(generation: Generation, host: Host, settings: Settings) -> Handler:
    mappings = placed_mappings(host, settings[PROXY_PASS_REVERSE])
    cookies = (*settings[PROXY_PASS_REVERSE_COOKIE_DOMAIN], *settings[PROXY_PASS_REVERSE_COOKIE_PATH])
    return ProxyHandler(generation, host, settings, generation[UPSTREAMS], rewriting(mappings, cookies))


module = Module(
    name="proxy",
    directives=DIRECTIVES,
    hooks=Hooks(
        check=check,
        prepare=_prepare,
        worker_start=_worker_start,
        post_read=_post_read,
        translate=_translate,
        fixup=_fixup,
        handler=_handler,
    ),
    after=("rewrite_module",),
)

# What Apache has in modules of their own is all in this one: their LoadModule lines load it.
companion = Module(name="proxy", needs=("proxy_module",))
