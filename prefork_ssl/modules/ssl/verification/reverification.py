"""OptRenegotiate: a certificate that is known already is looked at once more, instead of being asked for once more."""

from __future__ import annotations

from typing import cast

from OpenSSL import crypto

from prefork_ssl.modules.ssl.connection.transport import TLSTransport
from prefork_ssl.modules.ssl.verification.client import Client
from prefork_ssl.modules.ssl.verification.policy import Policy


def verify_again(transport: TLSTransport, wanted: Policy) -> bool:
    """Whether what the client has shown is good enough for the policy, by what its host believes now.

    In a session that was resumed, the chain between client and CA is not known any more: then only those pass whose
    certificate is by one of the CAs themselves.
    """
    client = transport.client
    if not client.verified or client.certificate is None:
        return False
    store = cast("crypto.X509Store", transport.host.context.get_cert_store())
    shown = crypto.X509.from_cryptography(client.certificate.certificate)
    chain = [crypto.X509.from_cryptography(each) for each in client.chain]
    try:
        verified = crypto.X509StoreContext(store, shown, chain).get_verified_chain()
    except crypto.X509StoreContextError:
        return False
    if len(verified) - 1 > wanted.depth:
        return False
    transport.client = Client(transport.tls, wanted)
    return True
