"""Whether clients can follow the chain that is sent to a CA they know.

They know the CAs that came with their system; so the CAs of this system are asked, by a verification as clients do it.
"""

from __future__ import annotations

import enum
import os
from functools import cache, lru_cache

from OpenSSL import SSL, crypto

from prefork_ssl.modules.ssl.keys.keystore import CertificateMaterial

# Where systems have their CAs: Debian and its kin, Red Hat and its kin, SUSE, Alpine and the BSDs.
_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# <openssl/x509_vfy.h>: whether it is in time is another question.
_NO_CHECK_TIME = 0x200000


class Verdict(enum.Enum):
    """What clients make of a chain."""

    COMPLETE = "complete"
    SELF_SIGNED = "self-signed"
    OWN_CA = "own CA"  # it leads to a CA that does not come with systems
    INCOMPLETE = "incomplete"  # it ends below a CA that is not there
    BROKEN = "broken"  # it is whole, and yet does not hold: a signature, a constraint, a purpose


_VERDICTS = {
    SSL.X509VerificationCodes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: Verdict.SELF_SIGNED,
    SSL.X509VerificationCodes.ERR_SELF_SIGNED_CERT_IN_CHAIN: Verdict.OWN_CA,
    SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: Verdict.INCOMPLETE,
    SSL.X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT: Verdict.INCOMPLETE,
    SSL.X509VerificationCodes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: Verdict.INCOMPLETE,
}


@lru_cache(maxsize=64)
def judge(material: CertificateMaterial) -> tuple[Verdict, str]:
    """What clients make of it that know the CAs of this system, and OpenSSL's words for what is wrong."""
    chain = [
        crypto.X509.from_cryptography(certificate) for certificate in (material.certificate, *material.chain)
    ]
    try:
        crypto.X509StoreContext(_known_authorities(), chain[0], chain[1:]).verify_certificate()
    except crypto.X509StoreContextError as error:
        code, _, words = error.errors
        return _VERDICTS.get(code, Verdict.BROKEN), words
    return Verdict.COMPLETE, ""


def last(material: CertificateMaterial) -> tuple[str, str]:
    """Subject and issuer of the last certificate that is sent."""
    certificate = (material.certificate, *material.chain)[-1]
    return certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()


@cache
def _known_authorities() -> crypto.X509Store:
    """Read once in a process: it takes some milliseconds."""
    store = crypto.X509Store()
    store.set_flags(_NO_CHECK_TIME)
    bundles = (os.environ.get("SSL_CERT_FILE", ""), *_BUNDLES)
    bundle = next((path for path in bundles if os.access(path, os.R_OK)), None)
    if bundle:
        store.load_locations(bundle)
    return store
