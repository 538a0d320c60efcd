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

    @property
    def word(self) -> str:
        """The level's name as SSLLogLevel has it."""
        return _WORDS[self]

    @classmethod
    def of(cls, level: Level) -> SSLLevel:
        """What LogLevel ssl:LEVEL means for the SSL log."""
        return max(each for each in cls if each.general <= level or each is cls.ERROR)


# By level.
_GENERAL = (Level.EMERG, Level.ERROR, Level.WARN, Level.INFO, Level.DEBUG, Level.TRACE7)
_WORDS = tuple(level.name.lower() for level in SSLLevel)
