"""The binding to OpenSSL that pyOpenSSL shares with cryptography, looked at before anything uses it."""

from __future__ import annotations

from OpenSSL import SSL
from OpenSSL._util import ffi, lib

__all__ = ["LIBRARY", "ffi", "lib"]

# What no connection can do without, looked for at import: a binding without it is refused with one clear sentence.
_NEEDED = [
    "BIO_get_mem_data",
    "BIO_new",
    "BIO_read",
    "BIO_s_mem",
    "BIO_write",
    "ERR_clear_error",
    "SSL_CIPHER_get_bits",
    "SSL_CTX_set1_curves_list",
    "SSL_CTX_set_alpn_select_cb",
    "SSL_CTX_set_session_cache_mode",
    "SSL_do_handshake",
    "SSL_get_certificate",
    "SSL_get_current_cipher",
    "SSL_get_error",
    "SSL_get_session",
    "SSL_read",
    "SSL_session_reused",
    "SSL_set_accept_state",
    "SSL_set_bio",
    "SSL_set_info_callback",
    "SSL_set_shutdown",
    "SSL_shutdown",
    "SSL_state_string_long",
    "SSL_version",
    "SSL_write",
    "i2d_SSL_SESSION",
]
if _missing := [name for name in _NEEDED if not hasattr(lib, name)]:
    raise ImportError(
        f"the OpenSSL binding of this cryptography package lacks {', '.join(_missing)}: "
        "install the versions of pyOpenSSL and cryptography that prefork_ssl asks for"
    )

# "OpenSSL/4.0.3"
LIBRARY = "/".join(SSL.OpenSSL_version(SSL.OPENSSL_VERSION).decode().split()[:2])
