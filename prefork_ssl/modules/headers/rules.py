"""What a line says, as written."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from prefork_ssl.config.errors import Origin
from prefork_ssl.config.matching import Pattern
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.modules.headers.formats import Format, Replacement


class Action(enum.Enum):
    """What is done; the value is how it is written."""

    SET = "set"
    SETIFEMPTY = "setifempty"
    ADD = "add"
    APPEND = "append"
    MERGE = "merge"
    UNSET = "unset"
    EDIT = "edit"
    EDIT_ALL = "edit*"
    ECHO = "echo"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Noted:
    """env=name: the condition that a variable of the request's environment is there, or with `negated`, is not."""

    name: str
    negated: bool


@dataclass(frozen=True, slots=True)
class Edit:
    """What `pattern` finds is replaced."""

    pattern: Pattern
    replacement: Replacement | Expression


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rule:
    """One line. `words` are its words but for always and onsuccess: lines with the same ones do the same.

    `name` is the field's as written; of `echo`, `pattern` finds the names. `value` is what the action needs. `early`
    rules act before anything else happens to a request.
    """

    directive: str
    words: tuple[str, ...]
    action: Action
    name: str
    value: Format | Expression | Edit
    pattern: Pattern | None
    condition: Noted | Expression | None
    early: bool
    always: bool
    origin: Origin

    @property
    def may_fail(self) -> bool:
        """Whether there are requests for which it cannot be worked out."""
        return self.pattern is not None or any(
            isinstance(part, Expression | Edit) for part in (self.value, self.condition)
        )
