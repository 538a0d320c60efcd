"""The rooms below pyOpenSSL's public interface: the binding to OpenSSL that it shares with cryptography.

Everything else in the server uses pyOpenSSL as documented. Here is what that cannot do, or cannot do fast enough to be
on the path of every record: connections in memory (connection), what Contexts can (contexts), sessions taken out of one
process (sessions) and put into another (adoption), the certificates of clients (verification), and clients that are
asked for theirs in the middle of a connection (authentication).
"""

from prefork_ssl.modules.ssl.openssl.authentication import Authentication
from prefork_ssl.modules.ssl.openssl.binding import LIBRARY
from prefork_ssl.modules.ssl.openssl.connection import (
    OUTPUT_SIZE,
    WRITE_SIZE,
    ClientConnection,
    MemoryConnection,
    ServerConnection,
    certificate_address,
)
from prefork_ssl.modules.ssl.openssl.contexts import (
    OP_NEW_SESSION_AT_RENEGOTIATION,
    answer_alpn,
    serve_from_memory,
    set_groups,
)
from prefork_ssl.modules.ssl.openssl.errors import Error, QueuedError, main_reason, queued_errors
from prefork_ssl.modules.ssl.openssl.verification import (
    UNKNOWN_ISSUER,
    VERIFIED,
    AskingConnection,
    Rejection,
    Rules,
    ask_clients,
    rejection,
    verification_text,
    verify_result,
)

__all__ = [
    "LIBRARY",
    "OP_NEW_SESSION_AT_RENEGOTIATION",
    "OUTPUT_SIZE",
    "UNKNOWN_ISSUER",
    "VERIFIED",
    "WRITE_SIZE",
    "AskingConnection",
    "Authentication",
    "ClientConnection",
    "Error",
    "MemoryConnection",
    "QueuedError",
    "Rejection",
    "Rules",
    "ServerConnection",
    "answer_alpn",
    "ask_clients",
    "certificate_address",
    "main_reason",
    "queued_errors",
    "rejection",
    "serve_from_memory",
    "set_groups",
    "verification_text",
    "verify_result",
]
