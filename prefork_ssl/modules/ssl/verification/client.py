"""Who is at the other end of a connection, as far as it has been asked and has proven it."""

from __future__ import annotations

from functools import cached_property

from cryptography import x509
from OpenSSL import crypto

from prefork_ssl.modules.ssl.certificate.parsing import UNREADABLE
from prefork_ssl.modules.ssl.certificate.view import CertificateView
from prefork_ssl.modules.ssl.openssl import (
    UNKNOWN_ISSUER,
    VERIFIED,
    ServerConnection,
    verification_text,
    verify_result,
)
from prefork_ssl.modules.ssl.verification.mode import Mode
from prefork_ssl.modules.ssl.verification.policy import Policy


class Client:
    """The client, asked by `policy`. When it is asked anew, it is another Client. `refused` is what is known against it
    beside OpenSSL's result."""

    def __init__(self, tls: ServerConnection, policy: Policy, refused: str = "") -> None:
        self.policy = policy
        self._tls = tls
        self._refused = refused

    @cached_property
    def _shown(self) -> crypto.X509 | None:
        return self._tls.public.get_peer_certificate()

    @cached_property
    def refused(self) -> str:
        """Why its certificate is not believed; "" if it is, or if there is none."""
        if self._refused or self._shown is None:
            return self._refused
        result = verify_result(self._tls)
        if result == VERIFIED or (self.policy.mode is Mode.OPTIONAL_NO_CA and result in UNKNOWN_ISSUER):
            return ""
        return verification_text(result)

    @cached_property
    def certificate(self) -> CertificateView | None:
        """What it has shown, unless that was refused."""
        return None if self._shown is None or self.refused else CertificateView(self._shown.to_cryptography())

    @cached_property
    def verified(self) -> bool:
        """Whether it has a certificate that a CA vouches for."""
        return self.certificate is not None and verify_result(self._tls) == VERIFIED

    @cached_property
    def verdict(self) -> str:
        """SSL_CLIENT_VERIFY: NONE (no certificate), SUCCESS, GENEROUS (passed by optional_no_ca), or FAILED:reason."""
        if self.refused:
            return f"FAILED:{self.refused}"
        if self.certificate is None:
            return "NONE"
        return "SUCCESS" if self.verified else "GENEROUS"

    @cached_property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """What it has sent along with its certificate; nothing in a session that was resumed."""
        if self.certificate is None:
            return ()
        try:
            return tuple(self._tls.public.get_peer_cert_chain(as_cryptography=True) or ())
        except UNREADABLE:  # somewhere in it there is one that OpenSSL had no need for
            return ()

    def meets(self, wanted: Policy) -> bool:
        """Whether it needs no further question to satisfy a policy."""
        if not wanted.asks:
            return True
        if not self.policy.asks or self.refused:
            return False
        if self.verified:
            return self.policy.depth <= wanted.depth
        if wanted.mode is Mode.REQUIRE:
            return False
        return self.certificate is None or wanted.mode is Mode.OPTIONAL_NO_CA
