"""OID("1.2.3.4") and PeerExtList("nsComment"): what extensions of the client's certificate say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.variables import Variable
from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.openssl.objects import short_name

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

_DOTTED = re.compile(r"[0-9]+(?:\.[0-9]+)+")
_VARIABLE = re.compile(rf'OID\("({_DOTTED.pattern})"\)')


def peer_extensions(name: str) -> Callable[[Request], Collection[str]]:
    """The values of all extensions of this object identifier, or of this name among those that OpenSSL knows, as far as
    they are texts. Raises BadArgument."""
    wanted = name if _DOTTED.fullmatch(name) else _known(name)

    def values(request: Request) -> Collection[str]:
        transport = request.transport
        certificate = transport.client.certificate if isinstance(transport, TLSTransport) else None
        return certificate.extension_texts.get(wanted, ()) if certificate else ()

    return values


def extension_variable(name: str) -> Variable:
    """OID("1.2.3.4") as a variable, for SetEnvIf: the values with commas between. Raises BadArgument."""
    found = _VARIABLE.fullmatch(name)
    if found is None:
        raise BadArgument(f'{name} is not like OID("1.2.3.4")', "write an object identifier, in quotes")
    values = peer_extensions(found[1])
    return lambda request: ",".join(values(request))


def _known(name: str) -> str:
    known = short_name(name) if name.isascii() and name.isprintable() else None
    if known is None:
        raise BadArgument(
            f"{name!r} is no extension that is known by name", "write its object identifier, such as 1.2.3.4"
        )
    return known
