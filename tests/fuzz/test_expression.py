"""Expressions made at random: what the compiler makes of them, and what a second, naive evaluator does.

The evaluator knows neither the grammar nor the compiler. A condition is made as nested tuples, from which come both its
text, with blanks and spellings chosen at random, and its truth, worked out by the rules of Apache's manual.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from unit.kernel.evaluating import condition, request, texts

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.expression.ap_expr import AP_EXPR
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.expression.dialect import Dialect
from prefork_ssl.modules.ssl.expression.dialect import SSL_REQUIRE

# What variables and constants are: texts in which much means something to the language, and numbers.
CHARACTERS = st.sampled_from("abAB019 .-*/\\\"'%${}:,()iäß\n\t\udcff") | st.characters(codec="utf-8")
TEXTS = (
    st.text(CHARACTERS, max_size=6)
    | st.integers(-130, 1100).map(str)
    | st.sampled_from(["56", "128", "aa", "b", ""])
)

VARIABLES = st.fixed_dictionaries(dict.fromkeys("ABCD", TEXTS))

# --- conditions and values as nested tuples ---

VALUES = st.recursive(
    st.tuples(st.just("text"), TEXTS)
    | st.tuples(st.just("number"), st.integers(-9999, 99999))
    | st.tuples(st.just("variable"), st.sampled_from("ABCD")),
    lambda inner: (
        st.tuples(st.just("joined"), st.lists(inner, min_size=2, max_size=3))
        | st.tuples(st.just("mixed"), st.lists(inner, max_size=3))
        | st.tuples(st.just("lower"), inner)
    ),
    max_leaves=4,
)
SYMBOLS = {"==": "eq", "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
OPERATORS = [*SYMBOLS, *set(SYMBOLS.values()), *(f"-{letters}" for letters in set(SYMBOLS.values()))]
CONDITIONS = st.recursive(
    st.tuples(st.just("constant"), st.booleans())
    | st.tuples(st.just("compare"), st.sampled_from(sorted(OPERATORS)), VALUES, VALUES)
    | st.tuples(st.just("in"), VALUES, st.lists(VALUES, min_size=1, max_size=6))
    | st.tuples(
        st.just("match"),
        VALUES,
        st.sampled_from(["a", "^b", "B$", "[0-9]+", "a|b", "^$", "."]),
        st.booleans(),
    ),
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.just("and"), st.lists(inner, min_size=2, max_size=4))
        | st.tuples(st.just("or"), st.lists(inner, min_size=2, max_size=4))
    ),
    max_leaves=8,
)


class Writer:
    """Writes a condition as text. `choose` makes the choices that do not change its meaning."""

    def __init__(self, choose) -> None:
        self._choose = choose

    def blank(self) -> str:
        return self._choose(["", " ", "  ", "\t"])

    def between(self, *parts: str) -> str:
        """The parts with blanks; at least one where words would grow together."""
        return "".join(f"{part}{self.blank() or ' '}" for part in parts)

    def condition(self, made: Any) -> str:
        kind, *rest = made
        return getattr(self, f"_{kind}")(*rest)

    def _constant(self, truth: bool) -> str:
        return "true" if truth else "false"

    def _compare(self, operator: str, left: Any, right: Any) -> str:
        return self.between(self.value(left), operator, self.value(right))

    def _in(self, word: Any, words: list[Any]) -> str:
        listed = ",".join(f"{self.blank()}{self.value(each)}{self.blank()}" for each in words)
        return f"{self.between(self.value(word), 'in')}{{{listed}}}"

    def _match(self, word: Any, regex: str, ignoring_case: bool) -> str:
        delimiter = self._choose(list("/#!,%'"))
        return self.between(self.value(word), "=~") + f"m{delimiter}{regex}{delimiter}{'i' * ignoring_case}"

    def _not(self, inner: Any) -> str:
        return f"{self._choose(['not ', '!', '! '])}{self.grouped(inner)}"

    def _and(self, parts: list[Any]) -> str:
        return self._choose([" and ", "&&", "\tand\t"]).join(map(self.grouped, parts))

    def _or(self, parts: list[Any]) -> str:
        written = [self.condition(part) if part[0] == "and" else self.grouped(part) for part in parts]
        return self._choose([" or ", "||", " || "]).join(written)

    def grouped(self, made: Any) -> str:
        """In parentheses, where they change nothing or are needed."""
        text = self.condition(made)
        needed = made[0] in ("and", "or")
        return (
            f"({self.blank()}{text}{self.blank()})" if needed or self._choose([False, False, True]) else text
        )

    # --- values ---

    def value(self, made: Any) -> str:
        kind, content = made
        if kind == "number":
            return str(content)
        if kind == "joined":
            return f"{self.blank()}.{self.blank()}".join(map(self.quoted_number, content))
        if kind == "lower":
            return f"tolower{self.blank()}({self.blank()}{self.value(content)}{self.blank()})"
        quote = self._choose(['"', "'"])
        if kind == "variable" and self._choose([True, False]):
            return f"%{{TEXT_{content}}}"
        return f"{quote}{self.inside(made)}{quote}"

    def quoted_number(self, made: Any) -> str:
        """Numbers cannot be joined, only strings can."""
        return f'"{made[1]}"' if made[0] == "number" else self.value(made)

    def inside(self, made: Any) -> str:
        """A value within a string."""
        kind, content = made
        if kind in ("text", "number"):
            return "".join(map(self.character, str(content)))
        if kind == "variable":
            return f"%{{TEXT_{content}}}"
        if kind == "lower":
            return f"%{{tolower:{self.inside(content)}}}"
        return "".join(map(self.inside, content))

    def character(self, character: str) -> str:
        if character in "\\\"'%$}":
            return f"\\{character}"
        if character in "\n\t":
            return {"\n": "\\n", "\t": "\\t"}[character]
        if not character.isascii() and self._choose([True, False]):
            return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
        return character


class Oracle:
    """Works out the truth of a condition, straight from what it is."""

    def __init__(self, variables: dict[str, str], dialect: Dialect) -> None:
        self._variables = variables
        self._dialect = dialect

    def truth(self, made: Any) -> bool:
        kind, *rest = made
        if kind == "constant":
            return rest[0]
        if kind == "not":
            return not self.truth(rest[0])
        if kind == "and":
            return sum(self.truth(part) for part in rest[0]) == len(rest[0])
        if kind == "or":
            return sum(self.truth(part) for part in rest[0]) > 0
        if kind == "in":
            return self.text(rest[0]) in [self.text(word) for word in rest[1]]
        if kind == "match":
            word, regex, ignoring_case = rest
            regex = regex.replace("$", r"\Z") if regex.endswith("$") else regex
            return (
                re.search(regex, self.text(word), re.DOTALL | re.ASCII | re.IGNORECASE * ignoring_case)
                is not None
            )
        operator, left, right = rest
        return self.compare(operator, self.text(left), self.text(right))

    def compare(self, operator: str, left: str, right: str) -> bool:
        first, second = self.compared(operator, left), self.compared(operator, right)
        return {
            "eq": first == second,
            "ne": first != second,
            "lt": first < second,
            "le": first <= second,
            "gt": first > second,
            "ge": first >= second,
        }[SYMBOLS.get(operator, operator).removeprefix("-")]

    def compared(self, operator: str, text: str) -> Any:
        """What is compared: with SSLRequire the length first, in Require expr numbers if the operator is of letters."""
        if self._dialect is SSL_REQUIRE:
            data = text.encode("utf-8", "surrogateescape")
            return len(data), data
        if operator in SYMBOLS:
            return text
        number = re.match(r"[ \t\n\r\f\v]*([-+]?[0-9]+)", text)
        return int(number[1]) if number else 0

    def text(self, made: Any) -> str:
        kind, content = made
        if kind in ("text", "number"):
            return str(content)
        if kind == "variable":
            return self._variables[content]
        if kind == "lower":
            return self.text(content).lower()
        return "".join(map(self.text, content))


@settings(max_examples=600, deadline=None)
@given(CONDITIONS, VARIABLES, st.randoms(use_true_random=False), st.sampled_from([AP_EXPR, SSL_REQUIRE]))
def test_the_compiler_and_the_naive_evaluator_agree(made, variables, random, dialect):
    text = Writer(random.choice).condition(made)
    compiled = condition(text, dialect, [texts(**variables)])
    assert compiled.holds(request()) is Oracle(variables, dialect).truth(made), text
    if not compiled.holds(request()):
        failing = compiled.failing(request())
        assert failing in text
        assert not condition(failing, dialect, [texts(**variables)]).holds(request())


@settings(max_examples=400, deadline=None)
@given(VALUES, VARIABLES, st.randoms(use_true_random=False))
def test_values_are_what_was_written(made, variables, random):
    text = f"{Writer(random.choice).value(made)} == %{{TEXT_V}}"
    meaning = Oracle(variables, AP_EXPR).text(made)
    assert condition(text, AP_EXPR, [texts(**variables, V=meaning)]).holds(request()), text
    assert not condition(text, AP_EXPR, [texts(**variables, V=f"{meaning}.")]).holds(request()), text


# Pieces that mean something, to be put together in any way. None of them names a file.
PIECES = st.sampled_from(
    [
        "true", "false", "not", "!", "and", "&&", "or", "||", "(", ")", "eq", "==", "=", "!=", "<", "-lt", "in", "{",
        "}", ",", "=~", "!~", "m/a/", "m#", "/(/i", "%{", "TEXT_A", "%{TEXT_A}", ":", "%{tolower:", "HTTP:X", '"', "'",
        '"a"', "'%{TEXT_A}$1'", "$0", "$9", "\\", "\\7", "\\777", ".", "1", "-5", "1.5", "-n", "-R", "-q", "-ipmatch",
        "-strmatch", "'10.0.0.0/8'", "tolower(", "md5 (", "OID(", "PeerExtList('1.2')", " ", "\t", "x", "ä", "\udcff",
    ]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20), st.sampled_from([AP_EXPR, SSL_REQUIRE])
)
def test_no_text_raises_anything_else(text, dialect):
    excerpt = None
    with suppress(EvaluationError):
        try:
            assert condition(text, dialect, [texts(A="a")]).holds(request()) in (True, False)
        except BadArgument as error:
            excerpt = error.excerpt
    assert excerpt is None or (excerpt.text == text and 0 <= excerpt.column <= len(text))


@given(VARIABLES)
def test_shorter_is_smaller_is_an_order(variables):
    """Of two values, exactly one of less, equal and greater holds; and less than less is less."""

    def holds(text: str) -> bool:
        return condition(text, SSL_REQUIRE, [texts(**variables)]).holds(request())

    assert sum(holds(f"%{{TEXT_A}} {operator} %{{TEXT_B}}") for operator in "<=>") == 1
    assert not holds("%{TEXT_A} < %{TEXT_B} and %{TEXT_B} < %{TEXT_C} and not %{TEXT_A} < %{TEXT_C}")
