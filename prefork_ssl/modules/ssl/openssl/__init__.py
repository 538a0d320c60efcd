"""The rooms below pyOpenSSL's public interface: the binding to OpenSSL that it shares with cryptography.

Everything else in the server uses pyOpenSSL as documented. Here is what that cannot do, or cannot do fast enough to be
on the path of every record: connections in memory (connection), what Contexts can (contexts), sessions taken out of one
process (sessions) and put into another (adoption).
"""

from prefork_ssl.modules.ssl.openssl.binding import LIBRARY
from prefork_ssl.modules.ssl.openssl.connection import (
    OUTPUT_SIZE,
    WRITE_SIZE,
    ServerConnection,
    certificate_address,
)
from prefork_ssl.modules.ssl.openssl.contexts import answer_alpn, serve_from_memory, set_groups
from prefork_ssl.modules.ssl.openssl.errors import Error, QueuedError, queued_errors

__all__ = [
    "LIBRARY",
    "OUTPUT_SIZE",
    "WRITE_SIZE",
    "Error",
    "QueuedError",
    "ServerConnection",
    "answer_alpn",
    "certificate_address",
    "queued_errors",
    "serve_from_memory",
    "set_groups",
]
