"""A host's SSLProxy* settings in, the Context for its connections to other servers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from OpenSSL import SSL

from prefork_ssl.config.directives import Directive, Settings
from prefork_ssl.modules.ssl import openssl
from prefork_ssl.modules.ssl.backend import directives
from prefork_ssl.modules.ssl.backend.judging import Judgement
from prefork_ssl.modules.ssl.context.ciphers import UP_TO_TLS12, set_ciphers
from prefork_ssl.modules.ssl.directives import NamedPath
from prefork_ssl.modules.ssl.keys.file_pool import NamedFile
from prefork_ssl.modules.ssl.keys.key_files import (
    Certificates,
    Locked,
    Unreadable,
    certificates_in,
    private_key_in,
)
from prefork_ssl.modules.ssl.keys.key_types import PrivateKey
from prefork_ssl.modules.ssl.verification.mode import Mode
from prefork_ssl.modules.ssl.verification.reading import Shelf
from prefork_ssl.modules.ssl.verification.trust import Trust

T = TypeVar("T")
Files = Directive[tuple[NamedPath, ...]]

_PATH = "check the path, and that the user who starts the server may read it"
_ONE_FILE = "put the certificate first, then its intermediates, and its own key"
_PLAIN_KEY = "openssl pkey -in KEY writes it without a pass phrase; keep the file readable for root alone"


def backend_context(settings: Settings, shelf: Shelf) -> SSL.Context:
    """What cannot be read is among the findings of the shelf. Raises SSL.Error for what OpenSSL refuses."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    openssl.serve_from_memory(context)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    protocols = settings[directives.SSL_PROXY_PROTOCOL]
    context.set_min_proto_version(protocols.lowest)
    context.set_max_proto_version(protocols.highest)
    suites = settings[directives.SSL_PROXY_CIPHER_SUITE]
    for family, ciphers in {UP_TO_TLS12: "DEFAULT", **suites}.items():
        set_ciphers(context, family, ciphers)
    context.set_alpn_protos([b"http/1.1"])
    context.set_session_cache_mode(
        SSL.SESS_CACHE_OFF
    )  # the sessions of servers are kept by us, not by OpenSSL
    _believe(context, settings, shelf)
    _show(context, settings, shelf)
    return context


def checks_name(settings: Settings) -> bool:
    """Whether the name in the certificate counts, by both of Apache's directives for it."""
    if directives.SSL_PROXY_CHECK_PEER_NAME in settings:
        return settings[directives.SSL_PROXY_CHECK_PEER_NAME]
    return settings[directives.SSL_PROXY_CHECK_PEER_CN]


def _believe(context: SSL.Context, settings: Settings, shelf: Shelf) -> None:
    authorities = (
        *_from(settings, directives.SSL_PROXY_CA_CERTIFICATE_FILE, shelf.certificates),
        *_from(settings, directives.SSL_PROXY_CA_CERTIFICATE_PATH, shelf.certificates_in_directory),
    )
    crls = (
        *_from(settings, directives.SSL_PROXY_CA_REVOCATION_FILE, shelf.crls),
        *_from(settings, directives.SSL_PROXY_CA_REVOCATION_PATH, shelf.crls_in_directory),
    )
    named = (
        settings[directives.SSL_PROXY_CA_CERTIFICATE_FILE]
        or settings[directives.SSL_PROXY_CA_CERTIFICATE_PATH]
    )
    mode = settings[directives.SSL_PROXY_VERIFY]
    check = settings[directives.SSL_PROXY_CA_REVOCATION_CHECK]
    Trust(authorities, (), crls, check, b"").install(context)
    if not named and mode is not Mode.NONE:
        context.set_default_verify_paths()
    in_time = settings[directives.SSL_PROXY_CHECK_PEER_EXPIRE]
    context.set_verify_depth(settings[directives.SSL_PROXY_VERIFY_DEPTH])
    context.set_verify(SSL.VERIFY_PEER, Judgement(mode, in_time, check.lenient).callback())


def _show(context: SSL.Context, settings: Settings, shelf: Shelf) -> None:
    """Our own certificate, for servers that ask who we are."""
    named = next(_machine_files(settings, shelf), None)
    if named is None:
        return
    found = _read(named, shelf)
    if found is None:
        return
    (certificate, *chain), key = found
    context.use_certificate(certificate)
    for each in (
        *chain,
        *_from(settings, directives.SSL_PROXY_MACHINE_CERTIFICATE_CHAIN_FILE, shelf.certificates),
    ):
        context.add_extra_chain_cert(each)
    try:
        context.use_privatekey(key)  # type: ignore[arg-type]  # whatever else there is, it refuses
        context.check_privatekey()
    except SSL.Error:
        shelf.findings.append(named.problem("has a key that is not its first certificate's", _ONE_FILE))


def _machine_files(settings: Settings, shelf: Shelf) -> Iterator[NamedFile]:
    for each in settings[directives.SSL_PROXY_MACHINE_CERTIFICATE_FILE]:
        yield NamedFile(each.path, "SSLProxyMachineCertificateFile", str(each.origin))
    for each in settings[directives.SSL_PROXY_MACHINE_CERTIFICATE_PATH]:
        named = NamedFile(each.path, "SSLProxyMachineCertificatePath", str(each.origin))
        try:
            names = sorted(
                path for path in Path(each.path).iterdir() if path.is_file() and path.name[0] != "."
            )
        except OSError as error:
            shelf.findings.append(named.problem(f"cannot be read: {error.strerror}", _PATH))
            continue
        yield from (NamedFile(path, named.directive, named.where) for path in names)


def _read(named: NamedFile, shelf: Shelf) -> tuple[Certificates, PrivateKey] | None:
    try:
        data = named.path.read_bytes()
        certificates, key = certificates_in(data), private_key_in(data)
    except OSError as error:
        shelf.findings.append(named.problem(f"cannot be read: {error.strerror}", _PATH))
        return None
    except Unreadable as error:
        shelf.findings.append(named.problem(str(error), error.hint))
        return None
    if isinstance(certificates, Locked) or isinstance(key, Locked):
        shelf.findings.append(
            named.problem("is encrypted, and nobody is asked for its pass phrase", _PLAIN_KEY)
        )
        return None
    return certificates, key


def _from(settings: Settings, files: Files, read: Callable[[NamedFile], tuple[T, ...]]) -> Iterator[T]:
    for named in settings[files]:
        yield from read(NamedFile(named.path, files.name, str(named.origin)))
