"""SSLOCSPEnable and its family."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from prefork_ssl.config.arguments import Words, many, on_off, seconds
from prefork_ssl.config.directives import Context, Directive, Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.directives import NamedPath, key_file
from prefork_ssl.modules.ssl.stapling.directives import age, url


class Scope(enum.Enum):
    """Which certificates of a client's chain are asked about."""

    NONE = "off"
    LEAF = "leaf"
    CHAIN = "on"


@dataclass(frozen=True, slots=True)
class Asking:
    """SSLOCSPEnable: `lenient` lets certificates pass for which there is no responder."""

    scope: Scope = Scope.NONE
    lenient: bool = False


NOT_ASKING = Asking()


def _asking(words: Words, _place: Place) -> Asking:
    scope, *flags = (word.lower() for word in words)
    if scope not in [each.value for each in Scope]:
        raise BadArgument(f"must be on, leaf or off, not {words[0]!r}")
    if flags not in ([], ["no_ocsp_for_cert_ok"]):
        raise BadArgument(f"knows the flag no_ocsp_for_cert_ok, not {words[1]!r}")
    return Asking(Scope(scope), bool(flags))


HOST = Context.HOST

SSL_OCSP_ENABLE: Directive[Asking] = Directive(
    "SSLOCSPEnable",
    many("on|leaf|off [no_ocsp_for_cert_ok]", _asking, most=2),
    HOST,
    NOT_ASKING,
    "Whether OCSP responders are asked about the certificates of clients: about the whole chain, or the leaf only. "
    "Sessions are then not resumed.",
    default_text="off",
)
SSL_OCSP_DEFAULT_RESPONDER = Directive(
    "SSLOCSPDefaultResponder", url, HOST, "", "The responder to ask about certificates that name none."
)
SSL_OCSP_OVERRIDE_RESPONDER = Directive(
    "SSLOCSPOverrideResponder",
    on_off,
    HOST,
    False,
    "Whether the default responder is asked about all certificates.",
)
SSL_OCSP_RESPONSE_TIME_SKEW = Directive(
    "SSLOCSPResponseTimeSkew",
    seconds,
    HOST,
    300.0,
    "Seconds by which the clocks of responder and server may differ when the times of an answer are looked at.",
)
SSL_OCSP_RESPONSE_MAX_AGE = Directive(
    "SSLOCSPResponseMaxAge",
    age,
    HOST,
    float("inf"),
    "Seconds after which an answer is too old, even if it says that it holds for longer; -1: never.",
    default_text="-1",
)
SSL_OCSP_RESPONDER_TIMEOUT = Directive(
    "SSLOCSPResponderTimeout", seconds, HOST, 10.0, "Seconds that an OCSP responder may take for its answer."
)
SSL_OCSP_USE_REQUEST_NONCE = Directive(
    "SSLOCSPUseRequestNonce",
    on_off,
    HOST,
    True,
    "Whether answers must be made for our question. Responders that prepare theirs ahead need off.",
)
SSL_OCSP_NOVERIFY = Directive(
    "SSLOCSPNoverify",
    on_off,
    HOST,
    False,
    "Whether it does not matter if the CA has authorised whoever signed an answer. For tests only.",
)
SSL_OCSP_RESPONDER_CERTIFICATE_FILE: Directive[tuple[NamedPath, ...]] = Directive(
    "SSLOCSPResponderCertificateFile",
    key_file,
    HOST,
    (),
    "Certificates of responders that are believed without being authorised by the CA.",
)

REVOCATION_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive)
)
