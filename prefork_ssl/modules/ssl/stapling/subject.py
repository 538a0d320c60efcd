"""A certificate whose OCSP answer is stapled: what is known of it, and when it is asked about again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from prefork_ssl.modules.ssl.stapling.errand import Job, Outcome
from prefork_ssl.modules.ssl.stapling.policy import Policy
from prefork_ssl.modules.ssl.stapling.staple import Staple

_TRY_LATER = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
    Encoding.DER
)
# Seconds between two questions at the least, however short the answers hold.
_SHORTEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is to be asked about whom: equal ones share one subject."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    url: str
    policy: Policy


class Subject:
    """A certificate in service. `staple` is what the workers send.

    A good answer stays until a better one comes or its time is over, whatever happens to the responder.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry = inquiry
        self.staple = Staple()
        self.trouble = ""  # why there was no good answer the last time; empty if there was
        self.told = ("", False)  # what the log knows: trouble, covered
        self._good_until = 0.0  # time.time
        self._due = 0.0  # time.monotonic

    @property
    def covered(self) -> bool:
        """Whether there is a good answer that still holds."""
        return time.time() < self._good_until

    def due(self) -> bool:
        """Whether it is time to ask."""
        return time.monotonic() >= self._due

    def job(self, number: int) -> Job:
        """The question, for the helper."""
        inquiry = self.inquiry
        return Job(
            number,
            inquiry.url,
            inquiry.certificate.public_bytes(Encoding.DER),
            inquiry.issuer.public_bytes(Encoding.DER),
            inquiry.policy.responder_timeout,
            inquiry.policy.time_skew,
            inquiry.policy.max_age,
            proxy=inquiry.policy.proxy,
        )

    def settle(self, outcome: Outcome) -> None:
        """Take an outcome over: what is sent from now on, and when to ask again."""
        if outcome.status == "good":
            self.trouble = ""
            self._keep(outcome)
            self._ask_again(self.inquiry.policy.refresh)
            return
        self.trouble = outcome.reason or f"it says that the certificate is {outcome.status}"
        # "Revoked" is the CA's last word. Whatever else is wrong, a good answer is good for as long as it says.
        if outcome.status == "revoked" or not self.covered:
            self._good_until = 0.0
            self._pass_on(outcome)
        self._ask_again(self.inquiry.policy.retry)

    def _keep(self, outcome: Outcome) -> None:
        """An answer without an end is good until the one after the next is due."""
        newest = time.time() + 2 * self.inquiry.policy.refresh
        self._good_until = outcome.ends if outcome.ends != float("inf") else newest
        self.staple.put(outcome.answer, self._good_until)

    def _pass_on(self, outcome: Outcome) -> None:
        """Something that is not good: clients get it only if that is wanted."""
        policy = self.inquiry.policy
        answer = outcome.answer or (_TRY_LATER if policy.fake_try_later else b"")
        if policy.return_errors and answer:
            self.staple.put(answer, float("inf"))
        else:
            self.staple.clear()

    def _ask_again(self, seconds: float) -> None:
        """Ask in so many seconds; sooner if half of the time is over by then that a good answer has left."""
        left = (self._good_until - time.time()) / 2 if self.covered else seconds
        self._due = time.monotonic() + max(min(seconds, left), _SHORTEST_PAUSE)
