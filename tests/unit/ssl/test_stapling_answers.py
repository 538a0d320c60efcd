"""What an OCSP answer is worth: who signed it, what it is about, and when it holds."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st
from unit.ssl.issued import DAY, Issued, ca

from prefork_ssl.modules.ssl.stapling.answer import Question, Refused, judge

AUTHORITY = ca("Authority")
SERVED = Issued(issuer=AUTHORITY)
SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])


@dataclass
class Answer:
    """An answer in the making. Times are seconds from now; `ends` None leaves it open."""

    about: Issued = field(default_factory=lambda: SERVED)
    of: Issued = field(default_factory=lambda: AUTHORITY)
    signer: Issued = field(default_factory=lambda: AUTHORITY)
    encoding: ocsp.OCSPResponderEncoding = ocsp.OCSPResponderEncoding.HASH
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD
    begins: float = -60
    ends: float | None = 600
    algorithm: hashes.HashAlgorithm = field(default_factory=hashes.SHA1)

    @property
    def der(self) -> bytes:
        now = datetime.now(UTC)
        revoked = self.status is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.about.certificate,
            issuer=self.of.certificate,
            algorithm=self.algorithm,
            cert_status=self.status,
            this_update=now + timedelta(seconds=self.begins),
            next_update=None if self.ends is None else now + timedelta(seconds=self.ends),
            revocation_time=now if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        named = self.signer.certificate
        builder = builder.responder_id(self.encoding, named).certificates([named])
        digest = None if isinstance(self.signer.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return builder.sign(self.signer.key, digest).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def asked(
    skew: float = 0, max_age: float = float("inf"), about: Issued = SERVED, of: Issued = AUTHORITY
) -> Question:
    return Question(about.certificate, of.certificate, skew, max_age)


def refused(answer: bytes, question: Question | None = None) -> str:
    with pytest.raises(Refused) as caught:
        judge(answer, question or asked())
    return str(caught.value)


@pytest.mark.parametrize("encoding", ocsp.OCSPResponderEncoding)
@pytest.mark.parametrize("status", ocsp.OCSPCertStatus)
@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_signed_by_the_issuer(encoding, status, algorithm) -> None:
    verdict = judge(Answer(encoding=encoding, status=status, algorithm=algorithm).der, asked())
    assert verdict.status == status.name.lower()
    assert verdict.ends == pytest.approx(time.time() + 600, abs=2)


@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()],
    ids=["RSA", "Ed25519"],
)
def test_other_kinds_of_keys(key) -> None:
    authority = ca("Other Authority", key=key)
    served = Issued(issuer=authority)
    answer = Answer(about=served, of=authority, signer=authority)
    assert judge(answer.der, asked(about=served, of=authority)).status == "good"


def test_signed_by_a_responder_that_the_issuer_appointed() -> None:
    responder = Issued("Responder", None, AUTHORITY, extensions=[SIGNING])
    assert judge(Answer(signer=responder).der, asked()).status == "good"


def test_a_responder_must_have_its_certificate_for_just_this() -> None:
    assert "not for signing OCSP answers" in refused(Answer(signer=Issued("Server", None, AUTHORITY)).der)


def test_a_responder_of_another_authority_is_refused() -> None:
    stranger = Issued("Responder", None, ca("Stranger"), extensions=[SIGNING])
    assert "did not authorise" in refused(Answer(signer=stranger).der)


def test_a_responder_of_another_authority_with_the_same_name_is_refused() -> None:
    stranger = Issued("Responder", None, ca("Authority"), extensions=[SIGNING])
    assert "did not authorise" in refused(Answer(signer=stranger).der)


@pytest.mark.parametrize(("begins", "ends"), [(-2 * DAY, -DAY), (DAY, 2 * DAY)])
def test_a_responder_whose_certificate_is_out_of_its_time_is_refused(begins, ends) -> None:
    responder = Issued("Responder", None, AUTHORITY, extensions=[SIGNING], begins=begins, ends=ends)
    assert "outdated, or not yet valid" in refused(Answer(signer=responder).der)


def test_a_wrong_signature_is_refused() -> None:
    answer = Answer().der
    signature = ocsp.load_der_ocsp_response(answer).signature
    forged = signature[:-1] + bytes([signature[-1] ^ 1])
    assert "signature" in refused(answer.replace(signature, forged))


def test_an_answer_about_another_certificate_is_refused() -> None:
    assert "another certificate" in refused(Answer(about=Issued(issuer=AUTHORITY)).der)


def test_an_answer_about_the_same_number_of_another_authority_is_refused() -> None:
    other = ca("Authority")
    assert "another certificate" in refused(Answer(of=other, signer=other).der)


def test_errors_are_named() -> None:
    status = ocsp.OCSPResponseStatus.UNAUTHORIZED
    answer = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    assert "it says unauthorized" in refused(answer)


def test_times() -> None:
    assert "is outdated" in refused(Answer(ends=-2).der)
    assert "clocks" in refused(Answer(begins=5).der)
    assert judge(Answer(ends=-2).der, asked(skew=10)).ends == pytest.approx(time.time() + 8, abs=2)
    assert judge(Answer(begins=5).der, asked(skew=10))
    assert judge(Answer(ends=None).der, asked()).ends == float("inf")


def test_an_answer_that_is_too_old_is_refused_whatever_it_says_itself() -> None:
    assert "is outdated" in refused(Answer(begins=-60).der, asked(max_age=50))
    assert judge(Answer(begins=-60).der, asked(max_age=70)).ends == pytest.approx(time.time() + 10, abs=2)
    assert judge(Answer(begins=-60, ends=None).der, asked(max_age=70)).ends < time.time() + 20


@given(st.binary(max_size=300))
def test_garbage(data: bytes) -> None:
    refused(data)


_SOUND = Answer().der


@given(st.integers(0, len(_SOUND) - 1), st.integers(1, 255))
def test_one_changed_byte_makes_no_other_verdict(place: int, change: int) -> None:
    changed = bytearray(_SOUND)
    changed[place] ^= change
    with suppress(Refused):
        assert judge(bytes(changed), asked()) == judge(_SOUND, asked())
