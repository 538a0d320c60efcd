"""Log levels, as Apache names and orders them."""

from __future__ import annotations

import enum


class Level(enum.IntEnum):
    """Importance of a message; smaller is graver. LogLevel names them in lower case."""

    EMERG = 0
    ALERT = 1
    CRIT = 2
    ERROR = 3
    WARN = 4
    NOTICE = 5
    INFO = 6
    DEBUG = 7
    TRACE1 = 8
    TRACE2 = 9
    TRACE3 = 10
    TRACE4 = 11
    TRACE5 = 12
    TRACE6 = 13
    TRACE7 = 14
    TRACE8 = 15
