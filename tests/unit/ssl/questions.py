"""Questions for pass phrases, and locks that one phrase opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from prefork_ssl.modules.ssl.passphrase.dialog import Question, WrongPhrase
from prefork_ssl.modules.ssl.passphrase.memory import Phrase

QUESTION = Question("www.example.test:443", "EC", Path("/ssl/www.key"), "SSLCertificateKeyFile", "ssl.conf:7")
OTHER = Question(
    "shop.example.test:443", "RSA", Path("/ssl/shop.key"), "SSLCertificateKeyFile", "ssl.conf:17"
)


def opened_by(right: bytes) -> Callable[[Phrase], str]:
    """A lock with one right phrase."""

    def open_with(phrase: Phrase) -> str:
        if phrase != right:
            raise WrongPhrase
        return f"opened by {right.decode()}"

    return open_with
