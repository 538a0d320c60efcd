"""A tree in, nested functions out: one for each operator, made for the operands that it has.

Whatever does not depend on the request is worked out here: which variable a name means, regular expressions, networks,
what a constant is compared by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence, Set
from typing import TYPE_CHECKING, Any

from lark import Token, Tree, v_args
from lark.exceptions import VisitError
from lark.tree import Meta

from prefork_ssl.config.errors import BadArgument, Excerpt
from prefork_ssl.config.matching import Match, OutOfTime, Pattern, Search
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.kernel.expression import groups
from prefork_ssl.kernel.expression.condition import Condition, EvaluationError, Holds
from prefork_ssl.kernel.expression.dialect import Comparison, Dialect
from prefork_ssl.kernel.expression.parsing import Expression
from prefork_ssl.kernel.expression.tests import TESTS, Test
from prefork_ssl.kernel.expression.values import Value, Values, function_name, near

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

# One of the grammar's PLAIN_WORDS.
_PLAIN_WORD = re.compile(r'"([^"]*)"|\'([^\']*)\'|(-?[0-9]+)')


def compile_expression(
    expression: Expression, dialect: Dialect, modules: Sequence[Module], *, keep_groups: bool = False
) -> Condition:
    """The condition as a function of the request. With `keep_groups`, groups.group tells afterwards what has matched.

    Raises BadArgument for names that nobody knows and for constants that make no sense."""
    uses_groups = keep_groups or any(expression.tree.scan_values(_is_group))
    compiler = _Compiler(expression.text, dialect, modules, uses_groups)
    try:
        condition: Condition = compiler.transform(expression.tree)
    except VisitError as error:
        raise error.orig_exc from None
    if not uses_groups:
        return condition
    return Condition(_forgetful(condition.holds), condition.text, condition.parts)


def patterns(expression: Expression) -> list[Pattern]:
    """The regular expressions in it. Raises BadArgument."""
    literals = expression.tree.scan_values(lambda piece: isinstance(piece, Token) and piece.type == "REGEX")
    return [_pattern(literal, expression.text) for literal in literals]


def _pattern(literal: Token, text: str) -> Pattern:
    """What m/.../ or /.../ stands for, with its flag; `text` is what the literal is in."""
    start = 2 if literal.startswith("m") else 1
    end = literal.rindex(literal[start - 1])
    try:
        return compile_regex(literal[start:end], literal[end + 1 :])
    except BadArgument as error:
        raise BadArgument(str(error), error.hint, Excerpt(text, literal.start_pos or 0)) from None


def _is_group(token: Token | Tree[Token]) -> bool:
    return isinstance(token, Token) and token.type == "GROUP"


def _forgetful(holds: Holds) -> Holds:
    def check(request: Request) -> bool:
        groups.forget()
        return holds(request)

    return check


@v_args(meta=True)
class _Compiler(Values):
    """Makes a Condition of each condition of a tree. With `uses_groups`, regular expressions keep what they match."""

    def __init__(self, text: str, dialect: Dialect, modules: Sequence[Module], uses_groups: bool) -> None:
        super().__init__(text, modules)
        self._dialect = dialect
        self._uses_groups = uses_groups

    def start(self, _meta: Meta, parts: list[Condition | Token]) -> Condition:
        return self._condition(parts[0])

    def disjunction(self, meta: Meta, parts: list[Condition | Token]) -> Condition:
        return self._of(meta, _any([self._condition(part).holds for part in parts]))

    def conjunction(self, meta: Meta, parts: list[Condition | Token]) -> Condition:
        conditions = tuple(map(self._condition, parts))
        return Condition(_all([part.holds for part in conditions]), self._slice(meta), conditions)

    def negation(self, meta: Meta, parts: list[Condition | Token]) -> Condition:
        holds = self._condition(parts[0]).holds
        return self._of(meta, lambda request: not holds(request))

    def comparison(self, meta: Meta, parts: list[Any]) -> Condition:
        left, operator, right = parts
        comparison = self._dialect.comparisons[operator]
        return self._of(meta, self._sound(operator, _compared, comparison, left, right))

    def membership(self, meta: Meta, parts: list[Any]) -> Condition:
        word, make = parts
        return self._of(meta, make(word))

    def choice(self, _meta: Meta, parts: list[Value | Token]) -> Callable[[Value], Holds]:
        texts: set[str] = set()
        values = []
        for part in parts:
            if isinstance(part, Token):
                texts |= _texts(part)
            else:
                values.append(part)
        return lambda word: _one_of(word, texts, values)

    def listing(self, meta: Meta, parts: list[Any]) -> Callable[[Value], Holds]:
        opening, argument = parts
        name = function_name(opening)
        make = self._dialect.lists.get(name.lower())
        if make is None:
            raise self.wrong(opening, f"there is no list {name}", near(name.lower(), self._dialect.lists))
        if argument.constant is None:
            raise self.wrong(meta, f"what {name} is asked for must be a constant")
        members = self._sound(opening, make, argument.constant)
        return lambda word: _in_list(word, members)

    def match(self, meta: Meta, parts: list[Any]) -> Condition:
        return self._of(meta, self._matching(*parts))

    def mismatch(self, meta: Meta, parts: list[Any]) -> Condition:
        holds = self._matching(*parts)
        return self._of(meta, lambda request: not holds(request))

    def test(self, meta: Meta, parts: list[Any]) -> Condition:
        letter, word = parts
        test = TESTS.get(letter)
        if test is None:
            raise self.wrong(letter, f"there is no test {letter}", f"known are {' '.join(TESTS)}")
        return self._of(meta, self._sound(letter, _tested, test, word))

    def _condition(self, part: Condition | Token) -> Condition:
        """TRUE and FALSE are still tokens."""
        if isinstance(part, Condition):
            return part
        truth = part.type == "TRUE"
        return Condition(lambda _request: truth, str(part))

    def _of(self, meta: Meta, holds: Holds) -> Condition:
        return Condition(holds, self._slice(meta))

    def _slice(self, meta: Meta) -> str:
        return self.text[meta.start_pos : meta.end_pos]

    def _sound(self, where: Token, make: Callable[..., Any], *arguments: Any) -> Any:
        """What `make` makes; a constant that makes no sense to it is shown."""
        try:
            return make(*arguments)
        except BadArgument as error:
            raise self.wrong(where, str(error), error.hint) from None

    def _matching(self, word: Value, literal: Token) -> Holds:
        """Whether the word has what the literal m/.../ or /.../ matches."""
        get, search = word.get, _answering(_pattern(literal, self.text).search)
        if self._uses_groups:
            return lambda request: groups.remember(search(get(request)))
        return lambda request: search(get(request)) is not None


def _answering(search: Search) -> Callable[[str], Match | None]:
    """A search that takes too long leaves the condition without an answer."""

    def answer(text: str) -> Match | None:
        try:
            return search(text)
        except OutOfTime as error:
            raise EvaluationError(str(error)) from None

    return answer


def _all(parts: Sequence[Holds]) -> Holds:
    if len(parts) == 2:
        first, second = parts
        return lambda request: first(request) and second(request)
    if len(parts) == 3:
        first, second, third = parts
        return lambda request: first(request) and second(request) and third(request)
    return lambda request: all(part(request) for part in parts)


def _any(parts: Sequence[Holds]) -> Holds:
    return lambda request: any(part(request) for part in parts)


def _compared(comparison: Comparison, left: Value, right: Value) -> Holds:
    holds, get, of_left, of_right = comparison.holds, left.get, comparison.left, comparison.right
    if right.constant is None:
        get_right = right.get
        return lambda request: holds(of_left(get(request)), _meaning(of_right, get_right(request)))
    fixed = of_right(right.constant)
    if of_left is str:
        return lambda request: holds(get(request), fixed)
    return lambda request: holds(of_left(get(request)), fixed)


def _tested(test: Test, word: Value) -> Holds:
    holds, get, value = test.holds, word.get, test.value
    if word.constant is None:
        return lambda request: holds(request, _meaning(value, get(request)))
    fixed = value(word.constant)
    return lambda request: holds(request, fixed)


def _meaning(convert: Callable[[str], Any], text: str) -> Any:
    """What a text means that only the request has."""
    try:
        return convert(text)
    except ValueError as error:
        raise EvaluationError(str(error)) from None


def _texts(plain_words: Token) -> set[str]:
    """What the words in "a", 'b', 3 are."""
    found = _PLAIN_WORD.findall(plain_words)
    return {in_double or in_single or digits for in_double, in_single, digits in found}


def _one_of(word: Value, texts: Set[str], values: Sequence[Value]) -> Holds:
    """Whether the word is one of these texts, or of what these values are."""
    get = word.get
    fixed = texts | {each.constant for each in values if each.constant is not None}
    others = [each.get for each in values if each.constant is None]
    if not others:
        return lambda request: get(request) in fixed

    def check(request: Request) -> bool:
        text = get(request)
        return text in fixed or any(other(request) == text for other in others)

    return check


def _in_list(word: Value, members: Callable[[Request], Collection[str]]) -> Holds:
    get = word.get
    return lambda request: get(request) in members(request)
