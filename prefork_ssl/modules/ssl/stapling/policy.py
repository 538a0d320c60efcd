"""What the stapling directives say for one host."""

from __future__ import annotations

from dataclasses import dataclass

from prefork_ssl.config.directives import Settings
from prefork_ssl.modules.ssl.stapling.directives import (
    SSL_OCSP_PROXY_URL,
    SSL_STAPLING_ERROR_CACHE_TIMEOUT,
    SSL_STAPLING_FAKE_TRY_LATER,
    SSL_STAPLING_RESPONDER_TIMEOUT,
    SSL_STAPLING_RESPONSE_MAX_AGE,
    SSL_STAPLING_RESPONSE_TIME_SKEW,
    SSL_STAPLING_RETURN_RESPONDER_ERRORS,
    SSL_STAPLING_STANDARD_CACHE_TIMEOUT,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Times are in seconds. `fake_try_later` only counts with `return_errors`; `proxy` is as in errand.Job."""

    responder_timeout: float
    time_skew: float
    max_age: float
    refresh: float
    retry: float
    return_errors: bool
    fake_try_later: bool
    proxy: str = ""


def policy(settings: Settings) -> Policy:
    """The policy of the host with these settings."""
    return Policy(
        responder_timeout=settings[SSL_STAPLING_RESPONDER_TIMEOUT],
        time_skew=settings[SSL_STAPLING_RESPONSE_TIME_SKEW],
        max_age=settings[SSL_STAPLING_RESPONSE_MAX_AGE],
        refresh=settings[SSL_STAPLING_STANDARD_CACHE_TIMEOUT],
        retry=settings[SSL_STAPLING_ERROR_CACHE_TIMEOUT],
        return_errors=settings[SSL_STAPLING_RETURN_RESPONDER_ERRORS],
        fake_try_later=settings[SSL_STAPLING_FAKE_TRY_LATER],
        proxy=settings[SSL_OCSP_PROXY_URL],
    )
