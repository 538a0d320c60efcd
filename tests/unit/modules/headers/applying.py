"""Lines of Header and RequestHeader, from their words to what they make of a request or a response."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unit.modules.asking import new_generation, new_request

from prefork_ssl.config.directives import Directive, Place
from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.config.tree import Configuration, DirectorySection, Host
from prefork_ssl.kernel.generation import Generation, check_configuration
from prefork_ssl.kernel.hooks import ResponsePhase
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.headers.directives import HEADER, REQUEST_HEADER
from prefork_ssl.modules.headers.module import module
from prefork_ssl.modules.headers.rules import Rule

Fields = list[tuple[str, str]]


def rules(directive: Directive[tuple[Rule, ...]], *lines: str) -> tuple[Rule, ...]:
    """What the lines say; each is what stands behind the directive's name."""
    parsed = []
    for number, line in enumerate(lines, 1):
        place = Place(Origin("a.conf", number), Path("/"))
        parsed += directive.arguments.parse(directive.arguments.split(line), place)
    return tuple(parsed)


def site(root: Path, *lines: str, modules: Sequence[Module] = ()) -> Generation:
    """A host with these lines; they are of Header unless they begin with RequestHeader."""
    of_requests = [line.removeprefix("RequestHeader ") for line in lines if line.startswith("RequestHeader ")]
    of_responses = [line for line in lines if not line.startswith("RequestHeader ")]
    values = {HEADER: rules(HEADER, *of_responses), REQUEST_HEADER: rules(REQUEST_HEADER, *of_requests)}
    generation = new_generation(root, values, (module, *modules))
    check_configuration(generation.configuration, generation.modules)
    return generation


def response_phase(generation: Generation) -> ResponsePhase | None:
    """What happens to responses of the host."""
    host = generation.configuration.server
    assert module.hooks.response
    return module.hooks.response(generation, host, host.settings)


def respond(generation: Generation, response: Response, request: Request | None = None) -> Fields:
    """The fields with which the response is sent."""
    request = request or new_request(generation, "/a")
    request.response = response
    phase = response_phase(generation)
    if phase is not None:
        phase(request, response)
    return response.headers


def receive(generation: Generation, request: Request) -> Fields:
    """The fields that handlers see of the request."""
    host = generation.configuration.server
    assert module.hooks.post_read
    assert module.hooks.fixup
    for phase in (
        module.hooks.post_read(generation, host),
        module.hooks.fixup(generation, host, host.settings),
    ):
        if phase is not None:
            assert phase(request) is None
    return request.headers


def problems(root: Path, *lines: str, section: DirectorySection | None = None) -> list[Problem]:
    """What is wrong with the lines when all modules are known."""
    values: dict[Any, Any] = {HEADER: rules(HEADER, *lines)}
    generation = new_generation(root, values, (module,))
    server = Host(generation.configuration.server.settings, (section,) if section else ())
    try:
        check_configuration(Configuration(server, (), root), generation.modules)
    except ConfigError as error:
        return list(error.problems)
    return []
