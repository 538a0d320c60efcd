"""Require ssl and Require ssl-verify-client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.requirements import RequirementFactory, Test, granted
from prefork_ssl.modules.ssl.connection.transport import TLSTransport

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request


def _encrypted(request: Request) -> bool:
    return request.transport.secure


def _verified(request: Request) -> bool:
    transport = request.transport
    return isinstance(transport, TLSTransport) and transport.client.verified


def _without_arguments(condition: Callable[[Request], bool]) -> RequirementFactory:
    test = granted(condition)

    def make(arguments: str, _modules: Sequence[Module]) -> Test:
        if arguments:
            raise BadArgument(f"takes nothing more, and was given {arguments!r}")
        return test

    return make


REQUIREMENTS: Mapping[str, RequirementFactory] = {
    "ssl": _without_arguments(_encrypted),
    "ssl-verify-client": _without_arguments(_verified),
}
