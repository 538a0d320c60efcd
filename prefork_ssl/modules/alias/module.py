"""What the module does when: a host's redirects and aliases while a URL is translated, those of sections later."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, RequestPhase
from prefork_ssl.kernel.http.redirects import redirect
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.alias.directives import ALIASES, REDIRECTS
from prefork_ssl.modules.alias.rules import Redirection, rules_in_force


def _translate(generation: Generation, host: Host) -> RequestPhase | None:
    server = generation.configuration.server.settings
    redirections = rules_in_force(REDIRECTS, host.settings, server, with_outer=True)
    aliases = rules_in_force(ALIASES, host.settings, server, with_outer=True)
    if not redirections and not aliases:
        return None

    def translate(request: Request) -> Response | None:
        response = _redirected(request, redirections)
        if response is not None:
            return response
        for alias in aliases:
            filename = alias.target(request.path)
            if filename is not None:
                request.filename = filename
                request.env["CONTEXT_DOCUMENT_ROOT"] = alias.folder
                break
        return None

    return translate


def _fixup(_generation: Generation, host: Host, settings: Settings) -> RequestPhase | None:
    """Redirects written in <Directory>, <Location> and <Files>: after access control, before any handler."""
    redirections = rules_in_force(REDIRECTS, settings, host.settings, with_outer=False)
    if not redirections:
        return None
    return lambda request: _redirected(request, redirections)


def _redirected(request: Request, redirections: tuple[Redirection, ...]) -> Response | None:
    for rule in redirections:
        url = rule.target(request.path)
        if url is not None:
            return _answer(rule.status, url, request.query)
    return None


def _answer(status: int, url: str, query: str | None) -> Response:
    if not url:
        return Response(status)
    return redirect(status, url if query is None or "?" in url else f"{url}?{query}")


module = Module(
    name="alias",
    directives=(*ALIASES, *REDIRECTS),
    hooks=Hooks(translate=_translate, fixup=_fixup),
    after=("rewrite_module", "proxy_module"),  # as in Apache: what these decide is not asked of us
)
