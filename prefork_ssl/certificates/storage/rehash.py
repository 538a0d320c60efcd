"""Directories of CA certificates and CRLs as OpenSSL searches them (SSLCACertificatePath, SSLCARevocationPath).

The name of a link is the hash of the subject, a dot, and 0, 1, ... for different certificates of one hash; CRLs have
the hash of their issuer and r0, r1, ... OpenSSL reads PEM only, and tries the numbers until one is missing.
"""

import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import canonical
from prefork_ssl.certificates.storage.blocks import MALFORMED, Block, Kind, blocks

_SUFFIXES = {".pem", ".crt", ".cer", ".crl"}
_HASHED = re.compile(r"[0-9a-f]{8}\.r?\d+")


@dataclass
class Report:
    """What was done: the links there are now, those that were removed, and the files passed over with the reason."""

    links: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def rehash(directory: Path) -> Report:
    """Bring the links of a directory up to date; those that are right are never gone in between.

    Raises:
        OSError: the directory or a file in it cannot be read, or the directory not written.
    """
    report = Report()
    hashed = [path for path in directory.iterdir() if _HASHED.fullmatch(path.name)]
    old = {path.name for path in hashed if path.is_symlink()}
    taken = {path.name for path in hashed} - old
    for name, stem in _stems(directory, report.skipped):
        free = (f"{stem}{number}" for number in itertools.count())
        link = next(link for link in free if link not in taken)
        taken.add(link)
        report.links[link] = name
    report.removed = sorted(old - taken)
    _apply(directory, report)
    return report


def _apply(directory: Path, report: Report) -> None:
    for link, name in report.links.items():
        _point(directory / link, name)
    for link in report.removed:
        (directory / link).unlink()


def _point(link: Path, name: str) -> None:
    if link.is_symlink() and str(link.readlink()) == name:
        return
    temporary = link.with_name(f".{link.name}.{secrets.token_hex(8)}")
    temporary.symlink_to(name)
    temporary.replace(link)


def _stems(directory: Path, skipped: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the name of each file and what its link begins with; note in `skipped` those that get none, and why."""
    seen: dict[bytes, str] = {}
    for path in sorted(directory.iterdir()):
        if path.suffix.lower() not in _SUFFIXES or not path.is_file():
            continue
        try:
            block = _only_block(path)
            stem = _stem(block)
        except CertificateError as error:
            skipped.append(f"{path.name}: {error}")
            continue
        if block.data in seen:
            skipped.append(f"{path.name}: the same as {seen[block.data]}")
            continue
        seen[block.data] = path.name
        yield path.name, stem


def _only_block(path: Path) -> Block:
    found = [block for block in blocks(path) if block.kind in (Kind.CERTIFICATE, Kind.CRL)]
    if len(found) != 1:
        raise CertificateError(f"holds {len(found)} certificates and CRLs, and only one gets a link")
    if not found[0].is_pem:
        raise CertificateError("is DER, and OpenSSL looks for PEM here: convert it")
    return found[0]


def _stem(block: Block) -> str:
    try:
        if block.kind is Kind.CRL:
            return canonical.crl_hash(x509.load_pem_x509_crl(block.data)) + ".r"
        return canonical.certificate_hash(x509.load_pem_x509_certificate(block.data)) + "."
    except MALFORMED as error:
        raise CertificateError("what it holds is malformed") from error
