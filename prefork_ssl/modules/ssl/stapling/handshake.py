"""The staple's way into the handshake."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from OpenSSL import SSL

from prefork_ssl.modules.ssl.openssl import certificate_address
from prefork_ssl.modules.ssl.stapling.staple import Staple


def answer_status_requests(context: SSL.Context, staples: Mapping[x509.Certificate, Staple]) -> None:
    """Let clients that ask for it (status_request) have the staple of the certificate that they are shown.

    OpenSSL tells which one that is by its place in memory; each is compared once.
    """
    by_address: dict[int, Staple | None] = {}

    def answer(connection: SSL.Connection, _data: object) -> bytes:
        address = certificate_address(connection)
        if address not in by_address:
            shown = connection.get_certificate(as_cryptography=True)
            by_address[address] = staples.get(shown) if shown else None
        staple = by_address[address]
        return staple.current() if staple else b""

    context.set_ocsp_server_callback(answer)
