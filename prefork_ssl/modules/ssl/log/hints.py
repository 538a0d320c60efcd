"""From what OpenSSL says to what the administrator can do."""

from __future__ import annotations

from prefork_ssl.modules.ssl.context.ciphers import TLS13, UP_TO_TLS12
from prefork_ssl.modules.ssl.context.parameters import Parameters
from prefork_ssl.modules.ssl.context.protocols import NAMES
from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hello.first_bytes import Protocol

FOREIGN = {
    Protocol.HTTP: "it must ask for https:// instead of http://; it was told so",
    Protocol.PROXY: "the load balancer in front sends the PROXY protocol: switch it off there",
}


def hint(reason: str, hello: ClientHello | None, parameters: Parameters) -> str:
    """What to do about a failure for this reason (OpenSSL's text); "" if nothing is known to help."""
    if reason in ("unsupported protocol", "tlsv1 alert protocol version"):
        return _versions(hello, parameters)
    if reason == "no shared cipher":
        ciphers = dict(parameters.ciphers)
        lists = " and ".join(
            f"SSLCipherSuite {family} {ciphers[family]}"
            for family in (UP_TO_TLS12, TLS13)
            if family in ciphers
        )
        return (
            f"the client offers no cipher of {lists or 'the default list'} that fits the key of a certificate"
        )
    return _HINTS.get(reason, "")


def stapling(trouble: str) -> str:
    """What to do about trouble with an OCSP responder."""
    return next((hint for text, hint in _STAPLING.items() if text in trouble), _RESPONDER)


def _versions(hello: ClientHello | None, parameters: Parameters) -> str:
    offered = (
        " ".join(NAMES[version] for version in sorted(hello.versions) if version in NAMES) if hello else ""
    )
    return f"the client offers {offered or 'older versions'}, SSLProtocol allows {parameters.protocols}"


_CERTIFICATE = "the client does not accept the server's certificate"
_OWN_CA = f"{_CERTIFICATE}: it does not know the CA, or SSLCertificateFile lacks the intermediates"

_HINTS = {
    "tlsv1 alert unknown ca": _OWN_CA,
    "ssl/tls alert bad certificate": f"{_CERTIFICATE}: is it for the name that the client asks for?",
    "ssl/tls alert certificate expired": f"{_CERTIFICATE}: it has expired, or the client's clock is wrong",
    "ssl/tls alert certificate unknown": _OWN_CA,
    "ssl/tls alert unsupported certificate": f"{_CERTIFICATE}: its kind of key or signature",
    "no application protocol": "the client wants another application protocol (ALPN) than HTTP/1.1",
    "no suitable key share": "client and server have no key exchange group in common: see SSLOpenSSLConfCmd Groups",
    "no suitable groups": "client and server have no key exchange group in common: see SSLOpenSSLConfCmd Groups",
    "decryption failed or bad record mac": "bytes were changed on the way, or client and server disagree on the keys",
    "inappropriate fallback": "the client tried a lower version of TLS than both support, as after a failure",
}

_RESPONDER = (
    "try it: openssl ocsp -issuer CA.crt -cert HOST.crt -url URL; SSLStaplingForceURL names another responder"
)
_STAPLING = {
    "is revoked": "clients that check refuse the certificate: have a new one issued",
    "is unknown": "the CA may need some minutes for a new certificate; otherwise ask it",
    "the program": "the error log may have its last words",
    "clocks": "compare the clock with that of others; SSLStaplingResponseTimeSkew says how far they may be apart",
}
