"""Whom a host believes: its CAs, their CRLs, and the names that clients are told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL, crypto

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.modules.ssl.directives import NamedPath
from prefork_ssl.modules.ssl.keys.file_pool import NamedFile
from prefork_ssl.modules.ssl.keys.key_files import Certificates
from prefork_ssl.modules.ssl.verification import directives
from prefork_ssl.modules.ssl.verification.crl_files import RevocationLists
from prefork_ssl.modules.ssl.verification.directives import SSL_CA_REVOCATION_CHECK, Check, RevocationCheck
from prefork_ssl.modules.ssl.verification.reading import Shelf

T = TypeVar("T")
Files = Directive[tuple[NamedPath, ...]]


@dataclass(frozen=True, slots=True)
class Trust:
    """`authorities` are the CAs, `announced` those whose names clients are told, `crls` in which `check` looks.

    `identity` (SHA-256 over all of that) is equal if and only if the same clients are believed.
    """

    authorities: Certificates
    announced: Certificates
    crls: RevocationLists
    check: RevocationCheck
    identity: bytes

    def install(self, context: SSL.Context) -> None:
        """Let the context verify clients by this."""
        store = cast("crypto.X509Store", context.get_cert_store())  # every new Context has one
        for authority in self.authorities:
            store.add_cert(crypto.X509.from_cryptography(authority))
        for crl in self.crls:
            store.add_crl(crl)
        store.set_flags(_FLAGS[self.check.check])
        for authority in {authority.subject: authority for authority in self.announced}.values():
            context.add_client_ca(authority)


_FLAGS = {
    Check.NONE: 0,
    Check.LEAF: crypto.X509StoreFlags.CRL_CHECK,
    Check.CHAIN: crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL,
}


def trust(settings: Settings, shelf: Shelf) -> Trust:
    """What the host with these settings believes in. What cannot be read is among the findings of the shelf."""
    authorities = (
        *_from(settings, directives.SSL_CA_CERTIFICATE_FILE, shelf.certificates),
        *_from(settings, directives.SSL_CA_CERTIFICATE_PATH, shelf.certificates_in_directory),
    )
    announced = (
        *_from(settings, directives.SSL_CA_CERTIFICATE_REQ_FILE, shelf.certificates),
        *_from(settings, directives.SSL_CADN_REQUEST_FILE, shelf.certificates),
        *_from(settings, directives.SSL_CADN_REQUEST_PATH, shelf.certificates_in_directory),
    )
    crls = (
        *_from(settings, directives.SSL_CA_REVOCATION_FILE, shelf.crls),
        *_from(settings, directives.SSL_CA_REVOCATION_PATH, shelf.crls_in_directory),
    )
    check = settings[SSL_CA_REVOCATION_CHECK]
    announced = announced or authorities
    return Trust(authorities, announced, crls, check, _identity(authorities, announced, crls))


def _from(settings: Settings, files: Files, read: Callable[[NamedFile], tuple[T, ...]]) -> Iterator[T]:
    for named in settings[files]:
        yield from read(NamedFile(named.path, files.name, str(named.origin)))


def _identity(authorities: Certificates, announced: Certificates, crls: RevocationLists) -> bytes:
    digest = hashlib.sha256()
    for items in (authorities, announced, crls):
        digest.update(len(items).to_bytes(4, "big"))
        for item in items:
            digest.update(item.fingerprint(hashes.SHA256()))
    return digest.digest()
