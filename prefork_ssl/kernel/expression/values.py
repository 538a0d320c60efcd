"""Values: constants, variables, functions, and texts made of several of them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lark import Token, Transformer, v_args
from lark.tree import Meta

from prefork_ssl.config.errors import BadArgument, Excerpt
from prefork_ssl.kernel.expression import groups
from prefork_ssl.kernel.expression.functions import FUNCTIONS
from prefork_ssl.kernel.variables import CORE_NAMES, resolve

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

Get = Callable[["Request"], str]

_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
# A byte beyond ASCII, as bytes that are not UTF-8 are kept in texts (PEP 383), until it is seen whether it is.
_SURROGATES = 0xDC00


@dataclass(frozen=True, slots=True)
class Value:
    """A text that `get` finds in the request; `constant` is what it always finds, if it does."""

    get: Get
    constant: str | None = None


def constant(text: str) -> Value:
    """The value that is always the same."""
    return Value(lambda _request: text, text)


def joined(values: Iterable[Value]) -> Value:
    """One value after the other, as one text."""
    merged: list[Value] = []
    pending: list[str] = []
    for value in values:
        if value.constant is not None:
            pending.append(value.constant)
            continue
        if pending:
            merged.append(constant(_text(pending)))
            pending = []
        merged.append(value)
    if pending or not merged:
        merged.append(constant(_text(pending)))
    return merged[0] if len(merged) == 1 else Value(_joining([value.get for value in merged]))


def _text(pieces: Sequence[str]) -> str:
    """Bytes written one by one (\\303\\274) become the character that they are together."""
    text = "".join(pieces)
    if text.isascii() or len(pieces) == 1:
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _joining(gets: Sequence[Get]) -> Get:
    return lambda request: "".join([get(request) for get in gets])


@v_args(meta=True)
class Values(Transformer[Token, Any]):
    """Makes a Value of each word of a tree. `text` is what the tree was made of."""

    def __init__(self, text: str, modules: Sequence[Module]) -> None:
        super().__init__()
        self.text = text
        self._modules = modules

    def wrong(self, where: Meta | Token, message: str, hint: str = "") -> BadArgument:
        """An error of the expression, with the place in it."""
        return BadArgument(message, hint, Excerpt(self.text, where.start_pos or 0))

    def word(self, _meta: Meta, pieces: list[Value | Token]) -> Value:
        return self._joined(pieces)

    def argument(self, _meta: Meta, pieces: list[Value | Token]) -> Value:
        return self._joined(pieces)

    def mixture(self, _meta: Meta, pieces: list[Value | Token]) -> Value:
        return self._joined(pieces)

    def reference(self, meta: Meta, parts: list[Any]) -> Value:
        """%{NAME}, %{HTTP:Accept}, %{tolower:...}."""
        name, *argument = parts
        if argument:
            return self._applied(meta, name, *argument)
        variable = resolve(name, self._modules)
        if variable is None:
            raise self.wrong(meta, f"there is no variable {name}", near(name.upper(), CORE_NAMES))
        return Value(variable)

    def call(self, meta: Meta, parts: list[Any]) -> Value:
        """tolower(...)."""
        opening, argument = parts
        return self._applied(meta, function_name(opening), argument)

    def _applied(self, meta: Meta, name: str, argument: Value) -> Value:
        if argument.constant is not None:
            variable = resolve(f"{name}:{argument.constant}", self._modules)
            if variable is not None:
                return Value(variable)
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise self.wrong(meta, f"there is no function {name}", near(name.lower(), FUNCTIONS))
        get = argument.get
        return Value(lambda request: function(request, get(request)))

    def _joined(self, pieces: Sequence[Value | Token]) -> Value:
        return joined([piece if isinstance(piece, Value) else self._of_token(piece) for piece in pieces])

    def _of_token(self, token: Token) -> Value:
        if token.type == "GROUP":
            number = int(token[1])
            return Value(lambda _request: groups.group(number))
        return constant(self._unescaped(token) if token.type == "ESCAPE" else token)

    def _unescaped(self, token: Token) -> str:
        character = token[1:]
        if not character.isdigit():
            return _ESCAPED.get(character, character)
        byte = int(character, 8)
        if byte > 0xFF:
            raise self.wrong(token, f"{token} is more than a byte can hold", "the largest is \\377")
        return chr(byte if byte < 0x80 else _SURROGATES + byte)


def function_name(opening: str) -> str:
    """The name in what opens a call, "name(" with blanks between."""
    return opening[:-1].rstrip()


def near(name: str, known: Iterable[str]) -> str:
    """A hint to what may have been meant."""
    found = difflib.get_close_matches(name, known, 1)
    return f"did you mean {found[0]}?" if found else ""
