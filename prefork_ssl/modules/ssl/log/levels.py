"""The levels of the SSL log, as SSLLogLevel names them."""

from __future__ import annotations

import enum

from prefork_ssl.kernel.log.levels import Level


class SSLLevel(enum.IntEnum):
    """How much the SSL log tells; each level has all that the smaller ones have."""

    NONE = 0
    ERROR = 1
    WARN = 2
    INFO = 3
    TRACE = 4
    DEBUG = 5

    @property
    def general(self) -> Level:
        """The same importance in the error log (LogLevel ssl:...)."""
        return _GENERAL[self]


_GENERAL = {
    SSLLevel.NONE: Level.EMERG,
    SSLLevel.ERROR: Level.ERROR,
    SSLLevel.WARN: Level.WARN,
    SSLLevel.INFO: Level.INFO,
    SSLLevel.TRACE: Level.DEBUG,
    SSLLevel.DEBUG: Level.TRACE7,
}
