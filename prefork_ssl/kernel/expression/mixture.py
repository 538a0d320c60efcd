"""A text with values in it becomes one value, such as those that conditions compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lark import Token, Tree
from lark.exceptions import VisitError

from prefork_ssl.config.errors import BadArgument, Excerpt
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.kernel.expression.values import Value, Values

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module


def compile_mixture(expression: Expression, modules: Sequence[Module]) -> Value:
    """The value of an expression by `parse_mixture`; its `get` raises EvaluationError.

    Raises BadArgument for names that nobody knows, and for $1: there is no regular expression that it could refer to.
    """
    for group in expression.tree.scan_values(_is_group):
        where = Excerpt(expression.text, group.start_pos or 0)
        raise BadArgument(f"{group} stands for nothing here", f"write \\{group} if it is meant so", where)
    try:
        value: Value = Values(expression.text, modules).transform(expression.tree)
    except VisitError as error:
        raise error.orig_exc from None
    return value


def _is_group(piece: Token | Tree[Token]) -> bool:
    return isinstance(piece, Token) and piece.type == "GROUP"
