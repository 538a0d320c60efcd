"""What an OCSP responder's answer is worth: signed by whom it must be, about the right certificate, of this time.

Bytes in, a verdict out; nothing is asked, and nothing is kept (RFC 6960 sections 3.2 and 4.2.2).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from prefork_ssl.modules.ssl.certificate.extensions import extension


class Refused(Exception):
    """The answer is of no use to us, and why."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which certificate is asked about, and what is asked of the answer: `skew` is how far clocks may be apart,
    `max_age` how old it may be, both in seconds. It must repeat `nonce`, if there is one (RFC 8954). Whoever signed it
    is one of `responders`, or must be `authorised` by the issuer."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    skew: float
    max_age: float
    nonce: bytes = b""
    authorised: bool = True
    responders: tuple[x509.Certificate, ...] = ()

    def request(self, algorithm: hashes.HashAlgorithm) -> ocsp.OCSPRequest:
        """The question as it is sent, with the issuer's name and key hashed by `algorithm`."""
        builder = ocsp.OCSPRequestBuilder().add_certificate(self.certificate, self.issuer, algorithm)
        if self.nonce:
            builder = builder.add_extension(x509.OCSPNonce(self.nonce), critical=False)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a sound answer says. `status` is "good", "revoked" or "unknown". It holds until `ends` (time.time); "inf" if
    the responder does not say, because it always knows the latest."""

    status: str
    ends: float


def judge(answer: bytes, question: Question) -> Verdict:
    """What the answer (DER) says. Raises Refused."""
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Refused(f"it says {response.response_status.name.lower()}")
        single = _single(response, question)
        _verify(response, question)
        _compare_nonce(response, question)
        return Verdict(single.certificate_status.name.lower(), _end(single, question))
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        raise Refused(f"its answer cannot be understood: {error}") from error


# --- what it is about, and for how long ---


def _single(response: ocsp.OCSPResponse, question: Question) -> ocsp.OCSPSingleResponse:
    """The part that is about our certificate."""
    for single in response.responses:
        ours = question.request(single.hash_algorithm)
        if (single.serial_number, single.issuer_name_hash, single.issuer_key_hash) == (
            ours.serial_number,
            ours.issuer_name_hash,
            ours.issuer_key_hash,
        ):
            return single
    raise Refused("its answer is about another certificate")


def _end(single: ocsp.OCSPSingleResponse, question: Question) -> float:
    now = time.time()
    begin = single.this_update_utc.timestamp()
    end = single.next_update_utc.timestamp() if single.next_update_utc else float("inf")
    end = min(end, begin + question.max_age) + question.skew
    if begin > now + question.skew:
        raise Refused(
            f"its answer holds from {_clock(single.this_update_utc)} on: is one of the clocks wrong?"
        )
    if end <= now:
        raise Refused(f"its answer of {_clock(single.this_update_utc)} is outdated")
    return end


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


# --- who signed it ---


def _compare_nonce(response: ocsp.OCSPResponse, question: Question) -> None:
    """Raises Refused for what was not made for this question."""
    if not question.nonce:
        return
    try:
        repeated = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        repeated = b""
    if repeated != question.nonce:
        raise Refused("its answer does not repeat the nonce of the question: it may be an old one")


def _verify(response: ocsp.OCSPResponse, question: Question) -> None:
    """The issuer's own signature, or that of a responder to whom it gave a certificate for just this."""
    issuer = question.issuer
    for signer in _signers(response, question):
        if question.authorised and signer != issuer and signer not in question.responders:
            _authorised(signer, issuer)
        try:
            _verify_signature(response, signer)
        except InvalidSignature:
            raise Refused("the signature of its answer is wrong") from None
        return
    raise Refused("its answer is signed by somebody else than the issuer of the certificate")


def _signers(response: ocsp.OCSPResponse, question: Question) -> Iterator[x509.Certificate]:
    """The certificates of the one whom the answer names as its signer (ResponderID)."""
    for candidate in (question.issuer, *question.responders, *response.certificates):
        if response.responder_name is not None:
            if candidate.subject == response.responder_name:
                yield candidate
        elif (
            x509.SubjectKeyIdentifier.from_public_key(candidate.public_key()).digest
            == response.responder_key_hash
        ):
            yield candidate


def _authorised(signer: x509.Certificate, issuer: x509.Certificate) -> None:
    """RFC 6960 section 4.2.2.2: issued by the CA itself, for signing OCSP answers. Raises Refused."""
    try:
        signer.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        raise Refused(
            "its answer is signed by somebody whom the issuer of the certificate did not authorise"
        ) from None
    usages = extension(signer, x509.ExtendedKeyUsage)
    if usages is None or ExtendedKeyUsageOID.OCSP_SIGNING not in usages:
        raise Refused("its answer is signed with a certificate that is not for signing OCSP answers")
    if not signer.not_valid_before_utc.timestamp() <= time.time() <= signer.not_valid_after_utc.timestamp():
        raise Refused("its answer is signed with a certificate that is outdated, or not yet valid")


def _verify_signature(response: ocsp.OCSPResponse, signer: x509.Certificate) -> None:
    """Raises InvalidSignature, and Refused for a kind of key that nobody signs answers with."""
    key, signature, signed = signer.public_key(), response.signature, response.tbs_response_bytes
    digest = response.signature_hash_algorithm
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, signed)
    elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
        key.verify(signature, signed, ec.ECDSA(digest))
    elif isinstance(key, rsa.RSAPublicKey) and digest is not None:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    else:
        raise Refused("its answer is signed in a way that is not supported")
