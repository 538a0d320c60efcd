"""A RewriteRule line: pattern, substitution, flags."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.template import Group
from prefork_ssl.modules.rewrite.flags import RuleFlags, parse_rule_flags
from prefork_ssl.modules.rewrite.template import Template, Variable, parse_template, references, split

# What makes a text a URL of its own rather than a path.
ABSOLUTE = re.compile(r"(?:(?:https?|wss?|ftp|unix)://|unix:|mailto:|news:|tel:)", re.IGNORECASE)

# Variables that no client has a hand in.
_ROOTS = ("DOCUMENT_ROOT", "CONTEXT_DOCUMENT_ROOT")
_FIRST_SEGMENT = re.compile(r"/[^/?]+(?=/)|/[^/?]+")
# A name or address, perhaps with a port. One that ends otherwise may be meant to go on: http://app-$1
_SERVER = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#]*[a-z0-9\]]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Substitution:
    """What a URL becomes: the path (or URL), and the query if the line has a "?"."""

    path: Template
    query: Template | None

    @property
    def is_below_root(self) -> bool:
        """Whether the path begins with the name of the folder that is served."""
        first = self.path.parts[0] if self.path.parts else ""
        return isinstance(first, Variable) and first.name.upper() in _ROOTS

    @property
    def climbs(self) -> bool:
        """Whether the line itself has a path with ".."."""
        return any(isinstance(part, str) and ".." in part for part in self.path.parts)

    @property
    def server(self) -> str:
        """The server that is named in full, if what follows is a group of the pattern and nothing else, which can only
        be meant to be the path: http://name:port$1. Else ""."""
        beginning, *rest = self.path.parts or ("",)
        alone = len(rest) == 1 and isinstance(rest[0], Group)
        named = isinstance(beginning, str) and _SERVER.fullmatch(beginning)
        return str(beginning) if alone and named else ""

    @property
    def first_segment(self) -> str:
        """The first segment of the path, with the slash before it; "" if requests can change it."""
        beginning = self.path.beginning
        found = _FIRST_SEGMENT.match(beginning)
        whole = found and (found.end() < len(beginning) or self.path.text is not None)
        return found[0] if found and whole else ""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """`substitution` is None for "-". `written` is the pattern with its "!"."""

    written: str
    pattern: Pattern
    negated: bool
    substitution: Substitution | None
    flags: RuleFlags
    origin: Origin


def parse_rule(words: Words, place: Place) -> RuleLine:
    """pattern substitution [flags]. Raises BadArgument."""
    written, target, *rest = words
    flags = parse_rule_flags(rest[0]) if rest else RuleFlags()
    negated = written.startswith("!")
    pattern = compile_regex(written[1:] if negated else written, "i" if flags.nocase else "")
    substitution = None if target == "-" else _substitution(target, flags)
    if substitution is not None:
        _check_groups(substitution, pattern, negated)
        if flags.proxy:
            _check_proxied(substitution)
    return RuleLine(written, pattern, negated, substitution, flags, place.origin)


def _substitution(text: str, flags: RuleFlags) -> Substitution:
    return Substitution(*split(parse_template(text), "?", last=flags.qslast))


def _check_groups(substitution: Substitution, pattern: Pattern, negated: bool) -> None:
    for template in filter(None, (substitution.path, substitution.query)):
        for part in references(template):
            if isinstance(part, Group) and (negated or part.number > pattern.groups):
                raise BadArgument(
                    f"${part.number} stands for no group of {'!' * negated}{pattern.pattern}",
                    "a pattern with ! in front has none" if negated else "put what is meant in parentheses",
                )


def _check_proxied(substitution: Substitution) -> None:
    beginning = substitution.path.beginning
    if beginning and not ABSOLUTE.match(beginning):
        raise BadArgument(
            f"flag P needs the URL of a server, which does not begin with {beginning!r}",
            "write http://name:port/path",
        )
