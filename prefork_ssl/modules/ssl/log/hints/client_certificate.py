"""What was wrong with a client's certificate, and what to do if it should have been good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from OpenSSL import SSL

from prefork_ssl.modules.ssl.certificate.der import identity
from prefork_ssl.modules.ssl.certificate.distinguished_names import rfc2253
from prefork_ssl.modules.ssl.certificate.parsing import parsed
from prefork_ssl.modules.ssl.log.event import quoted
from prefork_ssl.modules.ssl.openssl import Rejection

_CODES = SSL.X509VerificationCodes
# X509_V_ERR_EE_KEY_TOO_SMALL, CA_KEY_TOO_SMALL and CA_MD_TOO_WEAK of <openssl/x509_vfy.h>, which have no names there.
_TOO_WEAK = (66, 67, 68)
_LONGEST_NAME = 200  # characters

MISSING = (
    "SSLVerifyClient require demands a certificate: install one in the client that a CA of SSLCACertificateFile "
    "has signed, or say SSLVerifyClient optional"
)

CANNOT_BE_ASKED = (
    "let the handshake ask already, by SSLVerifyClient optional for the whole host; browsers cannot be asked later in "
    "TLS 1.3, only in TLS 1.2 (SSLProtocol)"
)


@dataclass(frozen=True, slots=True)
class Description:
    """What tells the certificate that was refused from others; "unreadable" where nothing can be made of it."""

    subject: str
    issuer: str
    serial: str
    validity: str


def described(rejection: Rejection) -> Description:
    """The certificate that was refused."""
    try:
        found = identity(rejection.certificate)
    except ValueError:
        return Description("unreadable", "unreadable", "unreadable", "unreadable")
    return Description(
        subject=_shortened(rfc2253(found.subject)),
        issuer=_shortened(rfc2253(found.issuer)),
        serial=f"{found.serial_number:X}",
        validity=_validity(parsed(rejection.certificate)),
    )


def _validity(certificate: x509.Certificate | None) -> str:
    if certificate is None:
        return "unreadable"
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"


def _shortened(name: str) -> str:
    """Certificates may have names of any length, lines should not."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."


def refused(rejection: Rejection, depth: int) -> str:
    """Why a certificate was refused where SSLVerifyDepth is `depth`."""
    explain = _HINTS.get(rejection.code)
    return explain(rejection, depth) if explain else _other(rejection, depth)


def _other(rejection: Rejection, _depth: int) -> str:
    return f"see openssl verify -CAfile ...: {rejection.text}"


def _rejected(rejection: Rejection, depth: int) -> str:
    if parsed(rejection.certificate) is not None:
        return _other(rejection, depth)
    return (
        "it breaks the rules for certificates (RFC 5280), as with letters that a kind of string does not have, and so "
        "names nobody for sure: have it issued anew"
    )


def _unknown_ca(rejection: Rejection, _depth: int) -> str:
    issuer = described(rejection).issuer
    return (
        f"the CA {quoted(issuer)} is not known here: add its certificate to SSLCACertificateFile or "
        "SSLCACertificatePath if its clients are to be believed; an intermediate CA can be sent by the client, too"
    )


def _self_signed(_rejection: Rejection, _depth: int) -> str:
    return (
        "the certificate is self-signed: have it signed by a CA of SSLCACertificateFile, "
        "or add the certificate itself there"
    )


def _too_long(rejection: Rejection, depth: int) -> str:
    return f"SSLVerifyDepth {depth} is the most CA certificates above the client's: raise it to {rejection.depth}"


def _expired(rejection: Rejection, _depth: int) -> str:
    who = "a CA of the client" if rejection.depth else "the client"
    return f"{who} needs a new certificate ({described(rejection).validity}); compare the clock of this server, too"


def _revoked(_rejection: Rejection, _depth: int) -> str:
    return (
        "it is in a CRL of SSLCARevocationFile or SSLCARevocationPath: the client needs a new one from its CA"
    )


def _no_crl(rejection: Rejection, _depth: int) -> str:
    issuer = described(rejection).issuer
    return (
        f"there is no CRL of {quoted(issuer)} in SSLCARevocationFile or SSLCARevocationPath: add it, "
        "or write SSLCARevocationCheck ... no_crl_for_cert_ok"
    )


def _old_crl(rejection: Rejection, _depth: int) -> str:
    issuer = described(rejection).issuer
    return f"the CRL of {quoted(issuer)} in SSLCARevocationFile or SSLCARevocationPath is out of date: get a new one"


def _purpose(_rejection: Rejection, _depth: int) -> str:
    return "it is not for clients: have it issued with extendedKeyUsage clientAuth (and keyUsage digitalSignature)"


def _no_authority(_rejection: Rejection, _depth: int) -> str:
    return "what signed another certificate is no CA (basicConstraints CA:TRUE): have the chain issued anew"


def _weak(_rejection: Rejection, _depth: int) -> str:
    return "its key or signature is too weak for OpenSSL: have it issued anew, or add @SECLEVEL=0 to SSLCipherSuite"


_HINTS: dict[int, Callable[[Rejection, int], str]] = {
    _CODES.ERR_UNABLE_TO_GET_ISSUER_CERT: _unknown_ca,
    _CODES.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: _unknown_ca,
    _CODES.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: _unknown_ca,
    _CODES.ERR_CERT_UNTRUSTED: _unknown_ca,
    _CODES.ERR_SELF_SIGNED_CERT_IN_CHAIN: _unknown_ca,
    _CODES.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: _self_signed,
    _CODES.ERR_CERT_CHAIN_TOO_LONG: _too_long,
    _CODES.ERR_CERT_HAS_EXPIRED: _expired,
    _CODES.ERR_CERT_NOT_YET_VALID: _expired,
    _CODES.ERR_CERT_REVOKED: _revoked,
    _CODES.ERR_UNABLE_TO_GET_CRL: _no_crl,
    _CODES.ERR_CRL_HAS_EXPIRED: _old_crl,
    _CODES.ERR_CRL_NOT_YET_VALID: _old_crl,
    _CODES.ERR_INVALID_PURPOSE: _purpose,
    _CODES.ERR_INVALID_CA: _no_authority,
    _CODES.ERR_CERT_REJECTED: _rejected,
    **dict.fromkeys(_TOO_WEAK, _weak),
}
