"""SSLUserName: who the user is, by a variable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Problem
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.hooks import RequestPhase
from prefork_ssl.kernel.variables import resolve
from prefork_ssl.modules.ssl.access.directives import SSL_USER_NAME
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption
from prefork_ssl.modules.ssl.connection.transport import TLSTransport

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

# Variables that tell what stands in the client's certificate.
_OF_CLIENT = "SSL_CLIENT_"


def user_name(settings: Settings, modules: Sequence[Module]) -> RequestPhase | None:
    """The function that sets the user; None without SSLUserName. With FakeBasicAuth, the user is named by that."""
    name = settings[SSL_USER_NAME]
    variable = resolve(name, modules) if name else None
    if variable is None or SSLOption.FAKE_BASIC_AUTH in settings[SSL_OPTIONS]:
        return None
    needs_proof = name.upper().startswith(_OF_CLIENT)

    def set_user(request: Request) -> None:
        if not needs_proof or _proven(request):
            request.user = variable(request) or request.user

    return set_user


def unknown_names(configuration: Configuration, modules: Sequence[Module]) -> Iterator[Problem]:
    """Variables that are named and that nobody has."""
    names = {scope.origin(SSL_USER_NAME): scope[SSL_USER_NAME] for scope in configuration.scopes}
    for origin, name in names.items():
        if name and resolve(name, modules) is None:
            yield Problem(
                f"SSLUserName: there is no variable {name}", origin, "write one such as SSL_CLIENT_S_DN_CN"
            )


def _proven(request: Request) -> bool:
    transport = request.transport
    return isinstance(transport, TLSTransport) and transport.client.verified
