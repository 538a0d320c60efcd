"""Names given by -D and Define, and what ${NAME} stands for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from prefork_ssl.config.errors import BadArgument

# A colon makes it something else: ${map:key} is a RewriteMap's.
_REFERENCE = re.compile(r"\$\{([^}:]+)\}")

# Longest word that variables may build up (characters): a chain of `Define a ${b}${b}` doubles at each step.
_LONGEST = 65536


class Defines:
    """The names in force at one moment of the reading. Variables of the process's environment can be used like
    defined ones, as in Apache, but <IfDefine> does not see them."""

    def __init__(self, names: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.names = dict(names)
        self._environment = environment

    def substitute(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """`words` with the values of their ${NAME}s; a value never becomes more than one word.

        Raises BadArgument that names all that are not defined.
        """
        names = dict.fromkeys(name for word in words for name in _REFERENCE.findall(word))
        unknown = tuple(name for name in names if self._value(name) is None)
        if unknown:
            raise self._undefined(unknown)
        return tuple(map(self._substituted, words))

    def _substituted(self, word: str) -> str:
        result = _REFERENCE.sub(lambda match: self._value(match[1]) or "", word)
        if len(result) > _LONGEST:
            raise BadArgument(f"variables make a word of more than {_LONGEST} characters")
        return result

    def _value(self, name: str) -> str | None:
        return self.names.get(name, self._environment.get(name))

    def _undefined(self, names: tuple[str, ...]) -> BadArgument:
        listed = ", ".join(f"${{{name}}}" for name in names)
        near = difflib.get_close_matches(names[0], self.names, 1)
        hint = f"did you mean ${{{near[0]}}}?" if near else "set it by Define, -D or the environment"
        return BadArgument(f"{listed} {'is' if len(names) == 1 else 'are'} not defined", hint)
