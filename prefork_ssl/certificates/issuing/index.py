"""The index of the certificates that a CA has issued, a text file beside the CA's certificate.

It is the index.txt of `openssl ca`, which `openssl ocsp -index` reads as well. One line for each certificate, with
tabs between: V, R or E (valid, revoked, expired); end of validity; time and reason of the revocation; serial number in
hexadecimal digits; `unknown`; subject. Times are UTCTime up to the year 2049, GeneralizedTime from 2050.
"""

import datetime
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import subjects
from prefork_ssl.certificates.storage import files

# RFC 5280 5.3.1, as OpenSSL's index spells them. removeFromCRL is for delta CRLs, which are not made here.
REASONS = {
    "unspecified": x509.ReasonFlags.unspecified,
    "keyCompromise": x509.ReasonFlags.key_compromise,
    "CACompromise": x509.ReasonFlags.ca_compromise,
    "affiliationChanged": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessationOfOperation": x509.ReasonFlags.cessation_of_operation,
    "certificateHold": x509.ReasonFlags.certificate_hold,
    "privilegeWithdrawn": x509.ReasonFlags.privilege_withdrawn,
    "AACompromise": x509.ReasonFlags.aa_compromise,
}


@dataclass(frozen=True)
class Revocation:
    """When a certificate was revoked (UTC) and why: a key of REASONS."""

    time: datetime.datetime
    reason: str


@dataclass(frozen=True)
class Entry:
    """One issued certificate."""

    serial_number: int
    end: datetime.datetime
    subject: str
    revocation: Revocation | None = None


class Index:
    """All issued certificates, in the order of their issue."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def __contains__(self, serial_number: int) -> bool:
        return any(entry.serial_number == serial_number for entry in self.entries)

    def add(self, certificate: x509.Certificate) -> None:
        """Note a certificate as issued."""
        subject = subjects.readable(certificate.subject)
        end = certificate.not_valid_after_utc
        self.entries.append(Entry(certificate.serial_number, end, subject))

    def revoke(self, serial_number: int, revocation: Revocation) -> Entry:
        """Note a certificate as revoked; CertificateError if it is not here, or revoked already."""
        for position, entry in enumerate(self.entries):
            if entry.serial_number == serial_number:
                self.entries[position] = _revoked(entry, revocation)
                return self.entries[position]
        raise CertificateError(f"the CA's index has no certificate with the serial number {serial_number:X}")

    def revoked(self) -> Iterator[tuple[Entry, Revocation]]:
        """The revoked certificates."""
        return ((entry, entry.revocation) for entry in self.entries if entry.revocation is not None)

    def output(self, path: Path) -> files.Output:
        """The index as a file to be written."""
        text = "".join(map(_line, self.entries))
        return files.Output(path, text.encode(errors="surrogateescape"), files.PUBLIC, force=True)


def _revoked(entry: Entry, revocation: Revocation) -> Entry:
    if entry.revocation is not None:
        raise CertificateError(f"{entry.subject} was revoked on {entry.revocation.time:%Y-%m-%d} already")
    return replace(entry, revocation=revocation)


def path_beside(ca_certificate: Path) -> Path:
    """Where the index of a CA is: ca.crt.index for ca.crt, and beside that file, not beside a link to it."""
    file = ca_certificate.resolve() if ca_certificate.is_symlink() else ca_certificate
    return file.with_name(f"{file.name}.index")


@contextmanager
def locked(ca_certificate: Path) -> Iterator[Index]:
    """The index of a CA, empty if there is none yet; nobody else changes it inside this context.

    Raises:
        CertificateError: a line of the index cannot be understood.
        OSError: a file cannot be read.
    """
    # The CA's certificate is the lock: it is always there and is never written while the CA is in use.
    descriptor = os.open(ca_certificate, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield _read(path_beside(ca_certificate))
    finally:
        os.close(descriptor)


def _read(path: Path) -> Index:
    if not path.exists():
        return Index([])
    lines = path.read_text("utf-8", "surrogateescape").splitlines()
    return Index([_entry(line, f"{path}:{number}") for number, line in enumerate(lines, 1)])


def _entry(line: str, where: str) -> Entry:
    try:
        status, end, revocation, serial_number, _file, subject = line.split("\t")
        revoked = _revocation(revocation) if status == "R" else None
        return Entry(int(serial_number, 16), _time(end), subject, revoked)
    except (ValueError, KeyError) as error:
        raise CertificateError(f"{where}: this is no line of a CA's index") from error


def _revocation(text: str) -> Revocation:
    time, _, reason = text.partition(",")
    # OpenSSL leaves an unspecified reason out, and appends details to some.
    name = reason.partition(",")[0] or "unspecified"
    REASONS[name]
    return Revocation(_time(time), name)


def _line(entry: Entry) -> str:
    status, revocation = "V", ""
    if entry.revocation is not None:
        status, revocation = "R", f"{_text(entry.revocation.time)},{entry.revocation.reason}"
    # OpenSSL wants an even number of digits.
    digits = f"{entry.serial_number:X}"
    serial_number = digits.zfill(len(digits) + len(digits) % 2)
    return "\t".join((status, _text(entry.end), revocation, serial_number, "unknown", entry.subject)) + "\n"


def _text(time: datetime.datetime) -> str:
    return f"{time:%y%m%d%H%M%SZ}" if time.year < 2050 else f"{time:%Y%m%d%H%M%SZ}"


def _time(text: str) -> datetime.datetime:
    form = "%y%m%d%H%M%SZ" if len(text) == len("YYMMDDHHMMSSZ") else "%Y%m%d%H%M%SZ"
    return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.UTC)
