"""A host's parameters and key material in, an SSL.Context out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from prefork_ssl.modules.ssl import openssl
from prefork_ssl.modules.ssl.context.ciphers import GROUPS, UP_TO_TLS12, set_ciphers
from prefork_ssl.modules.ssl.context.parameters import Parameters
from prefork_ssl.modules.ssl.keys.findings import Finding, KeyMaterialError
from prefork_ssl.modules.ssl.keys.keystore import CERTIFICATE_FILE, KeyMaterial
from prefork_ssl.modules.ssl.verification.trust import Trust

# The application protocols we speak, best first.
ALPN = (b"http/1.1", b"http/1.0")


def build_context(
    parameters: Parameters, host: str, materials: Sequence[KeyMaterial], trust: Trust
) -> SSL.Context:
    """The Context of `host` ("name:port") with one certificate of each key type, which believes clients by `trust`.

    Raises KeyMaterialError for a certificate or key that OpenSSL refuses.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    openssl.serve_from_memory(context)
    context.set_options(_options(parameters))
    context.set_min_proto_version(parameters.protocols.lowest)
    context.set_max_proto_version(parameters.protocols.highest)
    # Ciphers before certificates: their list may set the security level (@SECLEVEL=0).
    for family, ciphers in {UP_TO_TLS12: "DEFAULT", **dict(parameters.ciphers)}.items():
        set_ciphers(context, family, ciphers)
    for name, value in parameters.commands:
        if name == GROUPS:
            openssl.set_groups(context, value)
    openssl.answer_alpn(context, ALPN)
    context.set_session_id(parameters.scope(host))
    trust.install(context)
    parameters.clients.apply(context)
    for material in materials:
        _add(context, material)
    return context


def _options(parameters: Parameters) -> int:
    options = SSL.OP_NO_COMPRESSION
    # We may want to renegotiate, but never with a session that was made before what is now asked for; clients may not,
    # whatever is said here (OpenSSL's SSL_OP_ALLOW_CLIENT_RENEGOTIATION).
    options |= (
        openssl.OP_NEW_SESSION_AT_RENEGOTIATION if parameters.clients.again else SSL.OP_NO_RENEGOTIATION
    )
    if parameters.honor_cipher_order:
        options |= SSL.OP_CIPHER_SERVER_PREFERENCE
    if not parameters.tickets:
        options |= SSL.OP_NO_TICKET
    return options


def _add(context: SSL.Context, material: KeyMaterial) -> None:
    """A certificate, its own chain and its key, beside those of other key types."""
    source = material.source
    with _as_file((material.certificate, *material.chain)) as path, _refusal(material):
        # The only way to a chain of its own for each certificate: add_extra_chain_cert is for all.
        context.use_certificate_chain_file(path)
    with _refusal(material, f"the key in {source.key}"):
        context.use_privatekey(material.key)  # type: ignore[arg-type]  # whatever else there is, it refuses


@contextmanager
def _as_file(certificates: Sequence[x509.Certificate]) -> Iterator[str]:
    """The path of a file in memory that holds the certificates as PEM."""
    fd = os.memfd_create("certificates")
    try:
        os.write(fd, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
        yield f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


@contextmanager
def _refusal(material: KeyMaterial, what: str = "") -> Iterator[None]:
    try:
        yield
    except (SSL.Error, TypeError) as error:
        why = f"{material.key_type} is not supported" if isinstance(error, TypeError) else _reasons(error)
        message = f"OpenSSL refuses {what or material.source.certificate}: {why}"
        hint = "have it issued again with a key and a signature of today's strength"
        finding = Finding("error", CERTIFICATE_FILE, material.source.where, message, hint)
        raise KeyMaterialError([finding]) from error


def _reasons(error: SSL.Error) -> str:
    return ", ".join(queued.reason for queued in openssl.queued_errors(error))
