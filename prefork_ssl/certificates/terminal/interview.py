"""Asking a person on the terminal whom a certificate is for."""

import functools
import socket
import sys
from collections.abc import Callable
from typing import TypeVar

from cryptography import x509

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import names, subjects

# Attribute and what it is called, in the order in which a subject has them.
_QUESTIONS = (
    ("C", "Country, two letters"),
    ("ST", "State or province"),
    ("L", "City"),
    ("O", "Organization"),
    ("OU", "Department"),
    ("CN", "Host name, or the name of a person"),
    ("emailAddress", "E-mail address"),
)

T = TypeVar("T")


def is_possible() -> bool:
    """Is there a person at a terminal?"""
    return sys.stdin.isatty() and sys.stderr.isatty()


def subject(defaults: list[tuple[str, str]]) -> x509.Name:
    """Ask for each attribute; `defaults` are (name, value). Without one, the common name is this host's name."""
    print("An empty answer takes the value in brackets; a dot leaves it out.", file=sys.stderr)
    known = {"CN": socket.gethostname()} | dict(defaults)
    short = {subjects.ATTRIBUTES[name]: value for name, value in known.items() if name in subjects.ATTRIBUTES}
    answers = (
        _ask(prompt, short.get(subjects.ATTRIBUTES[name], ""), functools.partial(subjects.attribute, name))
        for name, prompt in _QUESTIONS
    )
    return x509.Name([answer for answer in answers if answer is not None])


def alternative_names(default: list[x509.GeneralName]) -> list[x509.GeneralName]:
    """Ask for the hosts that the certificate shall be good for."""
    offered = ",".join(names.readable(name) for name in default)
    return (
        _ask("All names, as DNS:...,IP:...,email:...", offered, lambda text: names.alternative_names([text]))
        or []
    )


def confirm(question: str) -> bool:
    """Ask a question that only `yes` or `y` answers with yes."""
    return _line(f"{question} [y/N] ").lower() in ("y", "yes")


def _ask(prompt: str, default: str, parse: Callable[[str], T]) -> T | None:
    """Ask until the answer is one that `parse` accepts; None if the person left it out."""
    while True:
        answer = _line(f"{prompt} [{default}]: ") or default
        if answer in ("", "."):
            return None
        try:
            return parse(answer)
        except CertificateError as error:
            print(error, file=sys.stderr)


def _line(prompt: str) -> str:
    print(prompt, end="", file=sys.stderr, flush=True)
    try:
        return input().strip()
    except EOFError as error:
        raise CertificateError("no answer") from error
