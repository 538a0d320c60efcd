"""Header fields by which a client pretends to be what only TLS can tell: SSL-Client-Verify and the like.

Applications and servers behind this one get what is known of the client under these names. Names with underscores do
not get this far (kernel/http/head.py), so that nothing else can be taken for one of them.
"""

from __future__ import annotations

from prefork_ssl.kernel.request import Request

# Where SSL_*, HTTPS, HTTPS_* and SSLEAY_* (CompatEnvVars) would come out as header fields.
_BEGINNINGS = ("ssl-", "https-", "ssleay-")
_WHOLE = "https"

# Names that were looked at and are none of these. Clients choose them, so their number is bounded.
_innocent: set[str] = set()
_REMEMBERED = 1024
_LONGEST = 64


def remove_forged_fields(request: Request) -> None:
    """Let the request go on without them."""
    if request.fields.keys() <= _innocent:
        return
    forged = {name for name in request.fields if name == _WHOLE or name.startswith(_BEGINNINGS)}
    if forged:
        request.headers = [field for field in request.headers if field[0] not in forged]
    if len(_innocent) > _REMEMBERED:
        _innocent.clear()
    _innocent.update(name for name in request.fields if len(name) <= _LONGEST)
