"""Variables of a request by which the configuration helps backends that a kept connection, or HTTP/1.1, is too much for
(Apache's mod_proxy, mostly by SetEnv in a <Location>):

    proxy-nokeepalive          the connection to the backend ends with the answer
    proxy-initial-not-pooled   the first request of a client's connection gets a new connection to the backend: should
                               one that was kept break, such a client would not send the request again
    force-proxy-request-1.0    the request is sent in HTTP/1.0, which has no chunks and no 100 Continue, on a connection
                               that ends with the answer; without a length of its body it is refused (411)
"""

from __future__ import annotations

from collections.abc import Mapping

from prefork_ssl.kernel.request import Request

_CLOSE = "Connection: close\r\n"


def speaks_1_0(env: Mapping[str, str]) -> bool:
    """Whether the request is to be sent in HTTP/1.0."""
    return "force-proxy-request-1.0" in env


def is_used_once(env: Mapping[str, str]) -> bool:
    """Whether the connection is to end with the answer, whatever that says."""
    return "proxy-nokeepalive" in env or speaks_1_0(env)


def manner(env: Mapping[str, str], connection: str) -> tuple[str, str]:
    """The version for the request line, and the line that tells what becomes of the connection: `connection`, unless
    the variables want it closed."""
    version = "HTTP/1.0" if speaks_1_0(env) else "HTTP/1.1"
    return version, _CLOSE if is_used_once(env) else connection


def wants_new_connection(request: Request) -> bool:
    """Whether no connection that was kept is good enough."""
    return request.number == 0 and "proxy-initial-not-pooled" in request.env
