"""Variables by name: one look-up for conditions, log formats, headers and the environment of applications.

A name is resolved when the configuration is built, into a function of the request; so an unknown name is found early and
the request path makes no search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

# The value in this request; "" where there is none.
Variable = Callable[["Request"], str]

# Resolves a name of the family (the whole name, in upper case but for what follows a DN part) or returns None.
VariableFamily = Callable[[str], Variable | None]
