"""What Require lines say, as written: requirements, and the sections that combine them."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from prefork_ssl.config.errors import BadArgument, Origin


class Logic(enum.Enum):
    """How the members of a section go together; the value is the section's name."""

    ANY = "<RequireAny>"
    ALL = "<RequireAll>"
    NONE = "<RequireNone>"


class Merging(enum.Enum):
    """AuthMerging: what becomes of the rules outside where a section has some of its own."""

    OFF = "off"
    AND = "and"
    OR = "or"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One Require line. `name` is in lower case, `arguments` is what follows it, as written."""

    name: str
    arguments: str
    origin: Origin
    negated: bool = False

    @property
    def negative(self) -> bool:
        """Whether it can keep out, but not let in."""
        return self.negated

    def __str__(self) -> str:
        return " ".join(filter(None, ("Require", "not" if self.negated else "", self.name, self.arguments)))


@dataclass(frozen=True, slots=True)
class Section:
    """Several of them together."""

    logic: Logic
    members: tuple[Rule, ...]

    @property
    def negative(self) -> bool:
        """Whether it can keep out, but not let in."""
        return self.logic is Logic.NONE

    def requirements(self) -> Iterator[Requirement]:
        """All that are in it, however deep."""
        for member in self.members:
            if isinstance(member, Section):
                yield from member.requirements()
            else:
                yield member

    def sections(self) -> Iterator[Section]:
        """This one, and all that are in it."""
        yield self
        for member in self.members:
            if isinstance(member, Section):
                yield from member.sections()


Rule = Requirement | Section


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in one scope: any of its members lets in. `merging` is None where AuthMerging is not given."""

    members: tuple[Rule, ...] = ()
    merging: Merging | None = None

    @property
    def section(self) -> Section:
        """The members as the section that they are in, though none is written."""
        return Section(Logic.ANY, self.members)

    def __str__(self) -> str:
        return ", ".join(map(str, self.section.requirements()))

    def then(self, later: Rules) -> Rules:
        """With those of a later line of the same scope."""
        return Rules(self.members + later.members, later.merging or self.merging)

    def around(self, inner: Rules) -> Rules:
        """What holds in a scope inside this one, which has these rules of its own."""
        merging = inner.merging or self.merging
        if not inner.members:
            return Rules(self.members, merging)
        if not self.members or merging in (None, Merging.OFF):
            return Rules(inner.members, merging)
        logic = Logic.ALL if merging is Merging.AND else Logic.ANY
        return Rules((Section(logic, (self.section, inner.section)),), merging)


def section_of(logic: Logic, rules: Rules) -> Rules:
    """The rule that a section makes of those inside it. Raises BadArgument."""
    if not rules.members:
        raise BadArgument("there is no Require line in it")
    return Rules((Section(logic, rules.members),))
