"""Variables of a request by which the configuration helps clients that HTTP/1.1 is too much for (Apache's "special
purpose environment variables", mostly set by BrowserMatch):

    nokeepalive          the connection ends after the response
    downgrade-1.0        the response keeps to the rules of HTTP/1.0: no chunks, no connection kept unasked, nothing
                         before it (1xx)
    force-response-1.0   the response to an HTTP/1.0 request, or to one that was downgraded, says that it is HTTP/1.0,
                         and ends the connection
"""

from __future__ import annotations

from prefork_ssl.kernel.request import Request, Response

VARIABLES = frozenset(("nokeepalive", "downgrade-1.0", "force-response-1.0"))

_OLD = "HTTP/1.0"


def status_version(request: Request, response: Response) -> str:
    """Do as the request's variables say; the version that the status line is to name."""
    env = request.env
    if "nokeepalive" in env:
        response.close = True
    if "downgrade-1.0" in env:
        request.reply_version = _OLD
    if request.reply_version == _OLD and "force-response-1.0" in env:
        response.close = True
        return _OLD
    return "HTTP/1.1"
