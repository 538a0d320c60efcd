"""SSLVerifyClient and its family: which clients are asked who they are, and whom we believe."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config.arguments import Words, integer, many, one
from prefork_ssl.config.directives import Arguments, Context, Directive, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.directives import NamedPath, key_file
from prefork_ssl.modules.ssl.verification.mode import WORDS, Mode

# --- arguments ---------------------------------------------------------------------------------------------------


class Check(enum.Enum):
    """Which certificates of a chain are looked for in CRLs."""

    NONE = "none"
    LEAF = "leaf"
    CHAIN = "chain"


@dataclass(frozen=True, slots=True)
class RevocationCheck:
    """SSLCARevocationCheck: `lenient` lets certificates pass for whose CA there is no CRL."""

    check: Check = Check.NONE
    lenient: bool = False


def _mode(word: str, _place: Place) -> Mode:
    mode = WORDS.get(word.lower())
    if mode is None:
        raise BadArgument(f"must be none, optional, require or optional_no_ca, not {word!r}")
    return mode


def _revocation_check(words: Words, _place: Place) -> RevocationCheck:
    check, *flags = (word.lower() for word in words)
    if check not in [each.value for each in Check]:
        raise BadArgument(f"must be chain, leaf or none, not {words[0]!r}")
    if flags not in ([], ["no_crl_for_cert_ok"]):
        raise BadArgument(f"knows the flag no_crl_for_cert_ok, not {words[1]!r}")
    return RevocationCheck(Check(check), bool(flags))


def _insecure(word: str, _place: Place) -> bool:
    if word.lower() not in ("on", "off"):
        raise BadArgument(f"must be on or off, not {word!r}")
    if word.lower() == "on":
        raise BadArgument(
            "insecure renegotiation is not done: it lets others put bytes before what a client sends (CVE-2009-3555)",
            "remove the line; every client of the years since 2010 has the safe form (RFC 5746)",
        )
    return False


_directory: Arguments[tuple[NamedPath, ...]] = Arguments("directory", key_file.parse)

# --- declarations ------------------------------------------------------------------------------------------------

HOST, ANYWHERE = Context.HOST, Context.ANYWHERE

SSL_VERIFY_CLIENT: Directive[Mode] = Directive(
    "SSLVerifyClient",
    one("none|optional|require|optional_no_ca", _mode),
    ANYWHERE,
    Mode.NONE,
    "Whether clients are asked for a certificate. Where a section asks for more than its host, a client is asked when "
    "it comes there.",
)
SSL_VERIFY_DEPTH = Directive(
    "SSLVerifyDepth",
    integer("number", 0, 100),
    ANYWHERE,
    1,
    "How many CA certificates may stand above a client's; 0: none, it is self-signed.",
)
SSL_RENEG_BUFFER_SIZE = Directive(
    "SSLRenegBufferSize",
    integer("bytes"),
    ANYWHERE,
    131072,
    "How much of a request's body is held while the client is asked for a certificate.",
)
SSL_CA_CERTIFICATE_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCACertificateFile",
    key_file,
    HOST,
    (),
    "The certificates of the CAs whose clients are believed, one after the other.",
)
SSL_CA_CERTIFICATE_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCACertificatePath",
    _directory,
    HOST,
    (),
    "A directory of such certificates, each under a name that is its hash (prefork-ssl-cert rehash).",
)
SSL_CADN_REQUEST_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCADNRequestFile",
    key_file,
    HOST,
    (),
    "The certificates of the CAs that clients are told of, if those are others than are believed.",
)
SSL_CADN_REQUEST_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCADNRequestPath", _directory, HOST, (), "A directory of such certificates."
)
SSL_CA_CERTIFICATE_REQ_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCACertificateReqFile", key_file, HOST, (), "The old name of SSLCADNRequestFile."
)
SSL_CA_REVOCATION_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCARevocationFile", key_file, HOST, (), "The CRLs of those CAs, one after the other."
)
SSL_CA_REVOCATION_PATH: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLCARevocationPath",
    _directory,
    HOST,
    (),
    "A directory of CRLs, each under a name that is its hash (prefork-ssl-cert rehash).",
)
SSL_CA_REVOCATION_CHECK: Directive[RevocationCheck] = Directive(
    "SSLCARevocationCheck",
    many("chain|leaf|none [no_crl_for_cert_ok]", _revocation_check, most=2),
    HOST,
    RevocationCheck(),
    "Which certificates of a client's chain must not be in a CRL. Without a CRL of its CA none passes, unless the flag "
    "says so.",
    default_text="none",
)
SSL_INSECURE_RENEGOTIATION = Directive(
    "SSLInsecureRenegotiation",
    one("on|off", _insecure),
    HOST,
    False,
    "Accepted if off: renegotiation is only done in the safe form of RFC 5746.",
)

VERIFICATION_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive)
)
