"""A RewriteCond line: a text, what is asked of it, flags."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.matching import Pattern
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.kernel.expression.parsing import Expression, parse
from prefork_ssl.modules.rewrite.flags import ConditionFlags, parse_condition_flags
from prefork_ssl.modules.rewrite.template import Template, parse_template

_EXPRESSION = "expr"
_FILE_TEST = re.compile(r"-[dfFhlLsUx]")
_INTEGERS = re.compile(r"-(?P<operator>eq|ne|lt|le|gt|ge)\s*(?P<number>[+-]?[0-9]+)")
_STRINGS = re.compile(r"(?P<operator><=|>=|<|>|=)(?P<text>.*)", re.DOTALL)
_LOOKS_LIKE_TEST = re.compile(r"-[A-Za-z]{1,2}(?:[^A-Za-z].*)?")


@dataclass(frozen=True, slots=True)
class FileTest:
    """-f and the like."""

    letter: str


@dataclass(frozen=True, slots=True)
class IntegerComparison:
    """-eq5 and the like."""

    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class StringComparison:
    """=text, <text and the like."""

    operator: str
    text: str


Question = Pattern | FileTest | IntegerComparison | StringComparison | Expression


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """What is asked (`question`), of which text. An expression asks by itself, and has no text."""

    written: str
    text: Template
    question: Question
    negated: bool
    flags: ConditionFlags
    origin: Origin


def parse_condition(words: Words, place: Place) -> ConditionLine:
    """text pattern [flags]. Raises BadArgument."""
    text, written, *rest = words
    flags = parse_condition_flags(rest[0]) if rest else ConditionFlags()
    negated = written.startswith("!")
    asked = written[1:] if negated else written
    if text.lower() == _EXPRESSION:
        return ConditionLine(written, Template(), parse(written), False, flags, place.origin)
    return ConditionLine(written, parse_template(text), _question(asked, flags), negated, flags, place.origin)


def _question(text: str, flags: ConditionFlags) -> Question:
    if _FILE_TEST.fullmatch(text):
        return FileTest(text)
    if found := _INTEGERS.fullmatch(text):
        return IntegerComparison(found["operator"], int(found["number"]))
    if found := _STRINGS.fullmatch(text):
        compared = "" if found["text"] == '""' else found["text"]
        return StringComparison(found["operator"], compared.lower() if flags.nocase else compared)
    if _LOOKS_LIKE_TEST.fullmatch(text):
        raise BadArgument(
            f"there is no test {text}",
            "tests are -d -f -F -h -l -L -s -U -x, and -eq -ne -lt -le -gt -ge with a number; "
            "write \\- if a regular expression is meant",
        )
    return compile_regex(text, "i" if flags.nocase else "")
