"""What can be wrong between the lines about backends: rules without a path, schemes that nobody speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.hooks import Connector, Report
from prefork_ssl.kernel.module import Module
from prefork_ssl.modules.proxy.directives import PROXY_PASS
from prefork_ssl.modules.proxy.placing import misplaced, routes_of


def check(configuration: Configuration, modules: Sequence[Module], report: Report) -> None:
    """See kernel/hooks.py."""
    connectors = {scheme: each for module in modules for scheme, each in module.connectors.items()}
    for directive, place in misplaced(configuration):
        origin = place.settings.origin(directive)
        hint = 'write it in <Location "/path">, or with the path in front outside of sections'
        report(Problem(f"{directive.name} has no path here", origin, hint))
    for host in configuration.all_hosts:
        _check_schemes(host, connectors, report)


def _check_schemes(host: Host, connectors: Mapping[str, Connector], report: Report) -> None:
    """One complaint for each scheme that a host cannot speak."""
    schemes = {route.destination.backend.scheme for route in routes_of(host) if route.destination}
    for scheme in sorted(schemes):
        connector = connectors.get(scheme)
        objection = objection_to(scheme, connector, host.settings)
        if objection:
            hint = "" if connector else "LoadModule ssl_module"
            report(Problem(f"ProxyPass: {objection}", host.settings.origin(PROXY_PASS) or host.origin, hint))


def objection_to(scheme: str, connector: Connector | None, settings: Settings) -> str:
    """What a host lacks for speaking a scheme, "" if nothing."""
    if scheme == "http":
        return ""
    return connector.objection(settings) if connector else f"{scheme}:// needs a module that speaks it"
