"""The helper program: asks OCSP responders, and judges their answers. Nothing that comes from them gets near the master
before it is sound.

    python -m prefork_ssl.modules.ssl.stapling.fetcher [USER GROUP [GROUP...]] <jobs >outcomes

The numbers are those of the user and the groups that it becomes before it talks to anybody. It holds no key, and ends
when all is done, or when the master ends.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from setproctitle import setproctitle

from prefork_ssl.kernel.process.privileges import Identity, become, end_with_parent
from prefork_ssl.modules.ssl.stapling.answer import Question, Refused, judge
from prefork_ssl.modules.ssl.stapling.errand import Job, Outcome, decode, encode
from prefork_ssl.modules.ssl.stapling.responder import NoAnswer, ask

# Responders that are asked at the same time.
_AT_ONCE = 8
# Bytes of a nonce (RFC 8954 section 2.1).
_NONCE = 32


def main() -> None:
    """Read jobs from standard input, and write their outcomes to standard output, each as soon as it is known."""
    numbers = [int(word) for word in sys.argv[1:]]
    setproctitle("prefork_ssl: asking OCSP responders")
    if numbers:
        become(Identity(numbers[0], numbers[1], tuple(numbers[1:])))
    end_with_parent()
    jobs = [decode(Job, line) for line in sys.stdin.buffer]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in as_completed([pool.submit(carry_out, job) for job in jobs]):
            sys.stdout.buffer.write(encode(done.result()))
            sys.stdout.buffer.flush()


def carry_out(job: Job) -> Outcome:
    """Ask, and judge."""
    question = Question(
        x509.load_der_x509_certificate(job.certificate),
        x509.load_der_x509_certificate(job.issuer),
        job.skew,
        job.max_age,
        os.urandom(_NONCE) if job.fresh else b"",
        job.authorised,
        tuple(x509.load_pem_x509_certificates(job.responders)) if job.responders else (),
    )
    # SHA-1, because it is what all responders know (RFC 5019 section 2.1.1); it only names the issuer.
    request = question.request(hashes.SHA1())  # noqa: S303
    answer = b""
    try:
        answer = ask(job.url, request.public_bytes(Encoding.DER), job.timeout, job.proxy)
        verdict = judge(answer, question)
    except (NoAnswer, Refused) as error:
        return Outcome(job.number, "failed", answer, reason=str(error))
    return Outcome(job.number, verdict.status, answer, verdict.ends)


if __name__ == "__main__":
    main()
