"""SSLUseStapling and its family, and the way to all OCSP responders."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from prefork_ssl.config.arguments import Words, duration, many, on_off, one, seconds
from prefork_ssl.config.directives import Arguments, Context, Directive, Place
from prefork_ssl.config.errors import BadArgument


def _age(word: str, _place: Place) -> float:
    return float("inf") if word == "-1" else duration(word)


def _url(word: str, _place: Place) -> str:
    parts = urlsplit(word)
    try:
        usable = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadArgument(f"{word!r} is no http:// URL", "write one such as http://ocsp.example.com/")
    return word


def _cache(words: Words, _place: Place) -> str:
    return " ".join(words)


age: Arguments[float] = one("seconds|-1", _age)
url: Arguments[str] = one("url", _url)

SERVER, HOST = Context.SERVER, Context.HOST

SSL_USE_STAPLING = Directive(
    "SSLUseStapling",
    on_off,
    HOST,
    False,
    "Whether clients get the OCSP answer about the certificate with it.",
)
SSL_STAPLING_FORCE_URL = Directive(
    "SSLStaplingForceURL",
    url,
    HOST,
    "",
    "The OCSP responder to ask in place of the one that the certificate names.",
)
SSL_STAPLING_RESPONDER_TIMEOUT = Directive(
    "SSLStaplingResponderTimeout",
    seconds,
    HOST,
    10.0,
    "Seconds that an OCSP responder may take for its answer.",
)
SSL_STAPLING_RESPONSE_TIME_SKEW = Directive(
    "SSLStaplingResponseTimeSkew",
    seconds,
    HOST,
    300.0,
    "Seconds by which the clocks of responder and server may differ when the times of an answer are looked at.",
)
SSL_STAPLING_RESPONSE_MAX_AGE = Directive(
    "SSLStaplingResponseMaxAge",
    age,
    HOST,
    float("inf"),
    "Seconds after which an answer is too old, even if it says that it holds for longer; -1: never.",
    default_text="-1",
)
SSL_STAPLING_STANDARD_CACHE_TIMEOUT = Directive(
    "SSLStaplingStandardCacheTimeout",
    seconds,
    HOST,
    3600.0,
    "Seconds until a good answer is asked for anew; sooner if half of the time for which it holds is over.",
)
SSL_STAPLING_ERROR_CACHE_TIMEOUT = Directive(
    "SSLStaplingErrorCacheTimeout",
    seconds,
    HOST,
    600.0,
    "Seconds until a responder that gave no good answer is asked again.",
)
SSL_STAPLING_RETURN_RESPONDER_ERRORS = Directive(
    "SSLStaplingReturnResponderErrors",
    on_off,
    HOST,
    False,
    "Whether clients get answers, too, that are not good: errors, outdated ones, revoked. Off, other than in Apache: "
    "browsers end the connection at an error, and only ask themselves when they get nothing.",
)
SSL_STAPLING_FAKE_TRY_LATER = Directive(
    "SSLStaplingFakeTryLater",
    on_off,
    HOST,
    False,
    "Whether clients get tryLater where the responder cannot be reached, if SSLStaplingReturnResponderErrors is on. "
    "Off, other than in Apache, for the same reason.",
)
SSL_OCSP_PROXY_URL = Directive(
    "SSLOCSPProxyURL",
    url,
    HOST,
    "",
    "The HTTP proxy through which OCSP responders are asked, about clients and for stapling.",
)
SSL_STAPLING_CACHE = Directive(
    "SSLStaplingCache",
    many("type[:arguments]", _cache),
    SERVER,
    "",
    "Accepted from Apache's configurations, and not needed: the workers share all answers in memory of their own.",
)

STAPLING_DIRECTIVES: tuple[Directive[Any], ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Directive)
)
