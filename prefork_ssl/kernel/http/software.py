"""What the server calls itself in the Server field and SERVER_SOFTWARE, as far as ServerTokens lets it tell."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import SERVER_TOKENS

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module

PRODUCT = "prefork_ssl"
VERSION = version(PRODUCT)


def server_software(settings: Settings, modules: Sequence[Module]) -> str:
    """The products by ServerTokens: "prefork_ssl/1.2.3 OpenSSL/4.5.6" down to "prefork_ssl"."""
    major, _, rest = VERSION.partition(".")
    forms = {
        "full": " ".join([f"{PRODUCT}/{VERSION}", *(token for module in modules for token in module.tokens)]),
        "os": f"{PRODUCT}/{VERSION} (Unix)",
        "minimal": f"{PRODUCT}/{VERSION}",
        "minor": f"{PRODUCT}/{major}.{rest.partition('.')[0]}",
        "major": f"{PRODUCT}/{major}",
        "prod": PRODUCT,
    }
    return forms[settings[SERVER_TOKENS]]
