"""Every SSL* directive: where it may stand, what it takes, what holds without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefork_ssl.config import arguments
from prefork_ssl.config.arguments import Words, many, on_off, one
from prefork_ssl.config.directives import Arguments, Context, Directive, Place, append
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.modules.ssl.context.ciphers import GROUPS, TLS13, UP_TO_TLS12, check_ciphers, check_groups
from prefork_ssl.modules.ssl.context.protocols import DEFAULT as DEFAULT_PROTOCOLS
from prefork_ssl.modules.ssl.context.protocols import ProtocolRange, parse_protocols
from prefork_ssl.modules.ssl.passphrase.means import Means, parse_means

# --- arguments ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NamedPath:
    """A file that a directive names, and where it does."""

    path: Path
    origin: Origin


def _named_path(word: str, place: Place) -> tuple[NamedPath, ...]:
    """Whether there is such a file is seen when it is needed: what was read before may have been removed since."""
    return (NamedPath(arguments.path.parse((word,), place), place.origin),)


def _engine(word: str, _place: Place) -> bool:
    if word.lower() == "optional":
        raise BadArgument(
            "upgrading plain HTTP to TLS (RFC 2817) is not supported",
            "write on, and give plain HTTP its own port",
        )
    return on_off.parse((word,), _place)


def _protocols(words: Words, _place: Place) -> ProtocolRange:
    return parse_protocols(words)


def _cipher_suite(words: Words, _place: Place) -> Mapping[str, str]:
    protocol, ciphers = words if len(words) == 2 else (UP_TO_TLS12, words[0])
    family = {"ssl": UP_TO_TLS12, "tlsv1.3": TLS13}.get(protocol.lower())
    if family is None:
        raise BadArgument(f"the protocol must be SSL (everything up to TLSv1.2) or TLSv1.3, not {protocol!r}")
    check_ciphers(family, ciphers)
    return {family: ciphers}


def _openssl_command(words: Words, _place: Place) -> Mapping[str, str]:
    name, value = words
    if name.lower() not in ("groups", "curves"):
        raise BadArgument(
            f"{name} is not supported, only Groups (or Curves)",
            "protocols and ciphers are set by SSLProtocol and SSLCipherSuite",
        )
    check_groups(value)
    return {GROUPS: value}


def _pass_phrase_dialog(words: Words, place: Place) -> Means:
    return parse_means(words, place.server_root)


key_file: Arguments[tuple[NamedPath, ...]] = one("file", _named_path)

# --- declarations ------------------------------------------------------------------------------------------------

SERVER, HOST = Context.SERVER, Context.HOST

SSL_ENGINE: Directive[bool | None] = Directive(
    "SSLEngine",
    one("on|off", _engine),
    HOST,
    None,
    "Whether this host speaks TLS. Default: on if a Listen line says https for its port and it has a certificate.",
)
SSL_CERTIFICATE_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCertificateFile",
    key_file,
    HOST,
    (),
    "The certificate, followed by its intermediates (and by its key, if SSLCertificateKeyFile does not name it). "
    "Once for each type of key, such as RSA and EC.",
    append,
)
SSL_CERTIFICATE_KEY_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCertificateKeyFile",
    key_file,
    HOST,
    (),
    "The private key of the certificate: the first belongs to the first SSLCertificateFile, and so on.",
    append,
)
SSL_CERTIFICATE_CHAIN_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCertificateChainFile",
    key_file,
    HOST,
    (),
    "Intermediates to send with certificates whose own file has none.",
)
SSL_PROTOCOL: Directive[ProtocolRange] = Directive(
    "SSLProtocol",
    many("[+|-]protocol ...", _protocols),
    HOST,
    DEFAULT_PROTOCOLS,
    "The versions of TLS allowed: all, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3, each with + or - to add or remove it.",
)
SSL_CIPHER_SUITE: Directive[Mapping[str, str]] = Directive(
    "SSLCipherSuite",
    many("[SSL|TLSv1.3] cipher-list", _cipher_suite, most=2),
    Context.ANYWHERE,
    {},
    "The ciphers allowed, in OpenSSL's notation; those of TLS 1.3 are a list of their own. In a section, a list for "
    "TLS 1.2 that the client must agree to there.",
    append,
    append,
)
SSL_HONOR_CIPHER_ORDER = Directive(
    "SSLHonorCipherOrder", on_off, HOST, False, "Whether our order of ciphers counts instead of the client's."
)
SSL_SESSION_TICKETS = Directive(
    "SSLSessionTickets", on_off, HOST, True, "Whether clients keep their sessions themselves (RFC 5077)."
)
SSL_OPENSSL_CONF_CMD: Directive[Mapping[str, str]] = Directive(
    "SSLOpenSSLConfCmd",
    many("Groups list", _openssl_command, least=2, most=2),
    HOST,
    {},
    "Key exchange groups in order of preference, such as X25519MLKEM768:X25519:P-256.",
    append,
    append,
)

SSL_REDIRECT_PLAIN_HTTP = Directive(
    "SSLRedirectPlainHTTP",
    on_off,
    HOST,
    False,
    "Whether plain HTTP that comes to a TLS port is sent to https:// (308), instead of being told so (400).",
)

SSL_PASS_PHRASE_DIALOG = Directive(
    "SSLPassPhraseDialog",
    many("builtin|exec:program|'|program arguments'", _pass_phrase_dialog),
    SERVER,
    Means(),
    "Where the pass phrases of private keys come from.",
    default_text="builtin",
)
SSL_PASS_PHRASE_REUSE = Directive(
    "SSLPassPhraseReuse",
    on_off,
    SERVER,
    True,
    "Whether the master keeps pass phrases, so that a reload can open a new key with them.",
)

SSL_CERTIFICATE_WATCH = Directive(
    "SSLCertificateWatch",
    on_off,
    SERVER,
    False,
    "Whether the server reloads by itself when a certificate, chain or key file has changed.",
)
SSL_SESSION_TICKET_KEY_LIFETIME = Directive(
    "SSLSessionTicketKeyLifetime",
    arguments.seconds,
    SERVER,
    43200.0,
    "Seconds, or a time such as 12h, until session tickets get a new key, in new workers; 0: never.",
)

SSL_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive)
)
