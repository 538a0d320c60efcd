"""Regular expressions of the configuration: written as for Apache (PCRE), safe with whatever a client sends.

    pcre.py          what is written, translated
    engines.py       who runs it
    matching.py      what it can be asked

`.` matches a line feed too (RegexDefaultOptions DOTALL), and \\w, \\d, \\s know ASCII only.
"""

from __future__ import annotations

import re

from prefork_ssl.config.engines import compile_expression
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.pcre import translate


def compile_regex(text: str, flags: str = "") -> Pattern:
    """The pattern that finds `text` anywhere; `flags` are letters as in (?i). Raises BadArgument."""
    own_flags, expression = translate(text)
    try:
        return compile_expression(text, expression, "".join(sorted({*flags, *own_flags})))
    except re.error as error:
        raise BadArgument(f"{text!r} is not a regular expression: {error.msg}") from None
    except (OverflowError, RecursionError):
        raise BadArgument(f"{text[:40]!r} is too large for a regular expression") from None
