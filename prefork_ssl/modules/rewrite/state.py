"""A request on its way through the rules of one scope."""

from __future__ import annotations

from typing import Protocol

from prefork_ssl.config.matching import Match
from prefork_ssl.kernel.generation import Key
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.rewrite.rule_line import ABSOLUTE

# Notes of a request: that END was met, so that no rule is to see it again; what T and CO ask for.
ENDED = Key[bool]("rewriting has ended")
TYPE = Key[str]("rewritten type")
COOKIES = Key[list[str]]("rewritten cookies")


class RulesError(Exception):
    """The rules cannot be right: a loop, or what leads nowhere."""


class Place(Protocol):
    """Where rules stand, and what paths mean there."""

    def filename(self, path: str) -> str:
        """The file name of a path, as far as it is known."""

    def relative(self, path: str) -> str:
        """The path as patterns see it."""

    def url_path(self, path: str) -> str:
        """The URL path that leads to a path. Raises RulesError if there is none."""


class State:
    """`path` is what the next pattern sees: decoded, or a whole URL; `query` as it stands in a URL, None without one.
    `rule` and `condition` are the matches that $1 and %1 refer to.

    What rules have said: `changed`, that there is anything to do; `status`, to answer with it alone; `forced`, the
    status of a redirection that R asks for, 0 without; `proxied`; `passed_through`; `literal`, not to encode; `rooted`,
    that the path is a file's; `own_url`, with which the path of a redirection begins that leads to this host.
    """

    __slots__ = (
        "changed",
        "condition",
        "forced",
        "literal",
        "own_url",
        "passed_through",
        "path",
        "place",
        "proxied",
        "query",
        "request",
        "rooted",
        "rule",
        "status",
    )

    def __init__(self, request: Request, path: str, place: Place) -> None:
        self.request = request
        self.path = path
        self.query = request.query
        self.place = place
        self.rule: Match | None = None
        self.condition: Match | None = None
        self.status = self.forced = 0
        self.own_url = ""
        self.changed = self.proxied = self.passed_through = self.literal = self.rooted = False

    @property
    def redirect(self) -> int:
        """The status of the redirection that there is to be, 0 if none: R asks for it, or the path is a URL."""
        return self.forced or (302 if not self.proxied and ABSOLUTE.match(self.path) else 0)

    @property
    def filename(self) -> str:
        """What REQUEST_FILENAME is."""
        return self.place.filename(self.path)
