"""SSLProxyEngine and its family: how TLS is spoken to servers behind this one, and which of them are believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefork_ssl.config.arguments import Words, integer, many, on_off, one
from prefork_ssl.config.directives import Arguments, Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.context.protocols import DEFAULT, ProtocolRange, parse_protocols
from prefork_ssl.modules.ssl.directives import SSL_CIPHER_SUITE, NamedPath, key_file
from prefork_ssl.modules.ssl.verification.directives import SSL_CA_REVOCATION_CHECK, RevocationCheck
from prefork_ssl.modules.ssl.verification.mode import WORDS, Mode

_directory: Arguments[tuple[NamedPath, ...]] = Arguments("directory", key_file.parse)


def _mode(word: str, _place: Place) -> Mode:
    # mod_ssl 2 knew only these two.
    mode = {"on": Mode.REQUIRE, "off": Mode.NONE, **WORDS}.get(word.lower())
    if mode is None:
        raise BadArgument(f"must be none, optional, require or optional_no_ca, not {word!r}")
    return mode


def _protocols(words: Words, _place: Place) -> ProtocolRange:
    return parse_protocols(words)


HOST = Context.HOST

SSL_PROXY_ENGINE = Directive(
    "SSLProxyEngine", on_off, HOST, False, "Whether TLS may be spoken to servers behind this one."
)
SSL_PROXY_PROTOCOL: Directive[ProtocolRange] = Directive(
    "SSLProxyProtocol",
    many("[+|-]protocol ...", _protocols),
    HOST,
    DEFAULT,
    "The versions of TLS that are spoken to servers behind this one, written as in SSLProtocol.",
)
SSL_PROXY_CIPHER_SUITE: Directive[Mapping[str, str]] = Directive(
    "SSLProxyCipherSuite",
    SSL_CIPHER_SUITE.arguments,
    HOST,
    {},
    "The ciphers that are offered to servers behind this one, written as in SSLCipherSuite.",
    append,
    append,
)
SSL_PROXY_VERIFY: Directive[Mode] = Directive(
    "SSLProxyVerify",
    one("none|optional|require|optional_no_ca", _mode),
    HOST,
    Mode.REQUIRE,
    "Whether the chain of certificates of a server behind this one is verified. Default: require, unlike in Apache.",
)
SSL_PROXY_VERIFY_DEPTH = Directive(
    "SSLProxyVerifyDepth",
    integer("number", 0, 100),
    HOST,
    9,
    "How many intermediate CAs may stand between such a server's certificate and a CA that is believed.",
)
SSL_PROXY_CA_CERTIFICATE_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyCACertificateFile",
    key_file,
    HOST,
    (),
    "The certificates of the CAs that are believed. Default: those that the system believes.",
)
SSL_PROXY_CA_CERTIFICATE_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyCACertificatePath",
    _directory,
    HOST,
    (),
    "A directory of such certificates, each under a name that is its hash (prefork-ssl-cert rehash).",
)
SSL_PROXY_CA_REVOCATION_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyCARevocationFile", key_file, HOST, (), "The CRLs of those CAs, one after the other."
)
SSL_PROXY_CA_REVOCATION_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyCARevocationPath",
    _directory,
    HOST,
    (),
    "A directory of CRLs, each under a name that is its hash.",
)
SSL_PROXY_CA_REVOCATION_CHECK: Directive[RevocationCheck] = Directive(
    "SSLProxyCARevocationCheck",
    SSL_CA_REVOCATION_CHECK.arguments,
    HOST,
    RevocationCheck(),
    "Which certificates of a server's chain must not be in a CRL.",
    default_text="none",
)
SSL_PROXY_MACHINE_CERTIFICATE_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyMachineCertificateFile",
    key_file,
    HOST,
    (),
    "A certificate to show to servers that ask for one, its intermediates, and its key, which must not be encrypted.",
)
SSL_PROXY_MACHINE_CERTIFICATE_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyMachineCertificatePath",
    _directory,
    HOST,
    (),
    "A directory with such a file. The first of its files, by name, is taken.",
)
SSL_PROXY_MACHINE_CERTIFICATE_CHAIN_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLProxyMachineCertificateChainFile", key_file, HOST, (), "Intermediates of that certificate."
)
SSL_PROXY_CHECK_PEER_NAME: Directive[bool] = Directive(
    "SSLProxyCheckPeerName",
    on_off,
    HOST,
    True,
    "Whether a server's certificate must have the name by which ProxyPass calls it.",
)
SSL_PROXY_CHECK_PEER_CN: Directive[bool] = Directive(
    "SSLProxyCheckPeerCN",
    on_off,
    HOST,
    True,
    "The older form of SSLProxyCheckPeerName: off means off if that one is not given.",
)
SSL_PROXY_CHECK_PEER_EXPIRE: Directive[bool] = Directive(
    "SSLProxyCheckPeerExpire", on_off, HOST, True, "Whether a server's certificate must be of today."
)

BACKEND_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for name, value in list(globals().items()) if name.startswith("SSL_PROXY_")
)
