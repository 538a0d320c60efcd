"""What OCSP responders say of our own certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefork_ssl.modules.ssl.certificate.description import key_name
from prefork_ssl.modules.ssl.log.event import Event
from prefork_ssl.modules.ssl.log.hints import stapling as hints
from prefork_ssl.modules.ssl.log.levels import SSLLevel
from prefork_ssl.modules.ssl.log.log import SSLLog

if TYPE_CHECKING:
    from prefork_ssl.modules.ssl.stapling.subject import Subject


def asked_about(log: SSLLog, subject: Subject) -> None:
    """An OCSP responder was asked. Trouble is told once, until there is other trouble, or none."""
    told, subject.told = subject.told, (subject.trouble, subject.covered)
    certificate = subject.inquiry.certificate
    name = f"{certificate.subject.rfc4514_string()} ({key_name(certificate)})"
    fields = {"subject": name, "url": subject.inquiry.url, "reason": subject.trouble}
    if not subject.trouble:
        level = SSLLevel.TRACE if told == subject.told else SSLLevel.INFO
        log.write(Event(level, "ocsp-good", f"OCSP answer for {name}: good", fields=fields))
        return
    held = "the good answer that is there is sent on" if subject.covered else "clients get no good answer"
    message = f"OCSP responder {subject.inquiry.url}, asked about {name}: {subject.trouble}; {held}"
    level = SSLLevel.TRACE if told == subject.told else SSLLevel.WARN if subject.covered else SSLLevel.ERROR
    log.write(Event(level, "ocsp-trouble", message, fields=fields, hint=hints.responder(subject.trouble)))
