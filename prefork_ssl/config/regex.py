"""Regular expressions as Apache's configurations have them (PCRE), compiled by Python's re.

What means the same in both is left alone. The rest is translated, as far as configurations use it:

- `$` is the end and nothing but the end. Python's would also match before a last line feed, and a file called
  "x.php\\n" would not be taken for what it is (CVE-2017-15715).
- `.` matches a line feed too (RegexDefaultOptions DOTALL), and \\w, \\d, \\s and (?i) know ASCII only.
- Flags at the very beginning, (?i), may be followed by a part put in front.
- (?<name>...) and POSIX classes such as [[:digit:]].
"""

from __future__ import annotations

import re
import warnings

from prefork_ssl.config.errors import BadArgument

_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\x20\t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\x20\t\n\r\f\v",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}

_FLAGS = re.compile(r"\(\?([imsx]+)\)")
_TOKEN = re.compile(
    r"""
      (?P<escape>\\.)
    | (?P<set>\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*\])
    | (?P<name>\(\?<(?=[A-Za-z_]))
    | (?P<end>\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_SET = re.compile(r"\\.|\[:(?P<negated>\^?)(?P<posix>\w*):\]|(?P<python>[\[&~|])", re.DOTALL)


_OPTIONS = re.ASCII | re.DOTALL


def compile_search(text: str) -> re.Pattern[str]:
    """A pattern whose `.match` succeeds if the expression is found anywhere. Raises BadArgument."""
    flags, body = _taken_apart(text)
    # Alone first: a stray parenthesis must not find its partner in what is put around.
    _compile(text, f"(?{flags})" * bool(flags) + body)
    end = "\n)" if "x" in flags else ")"  # the expression may end in a comment
    return _compile(text, f"(?s:.*?)(?{flags}:{body}{end}")


def compile_regex(text: str, flags: str = "") -> re.Pattern[str]:
    """A pattern for `.search`; `flags` are letters as in (?i). Raises BadArgument."""
    own_flags, body = _taken_apart(text)
    flags += own_flags
    return _compile(text, f"(?{flags})" * bool(flags) + body)


def _taken_apart(text: str) -> tuple[str, str]:
    """The flags at the very beginning, and the rest translated."""
    found = _FLAGS.match(text)
    leading, flags = (found[0], found[1]) if found else ("", "")
    return flags, _TOKEN.sub(lambda token: _translated(token, flags), text[len(leading) :])


def _compile(text: str, expression: str) -> re.Pattern[str]:
    try:
        return compile_quietly(expression)
    except re.error as error:
        raise BadArgument(f"{text!r} is not a regular expression: {error.msg}") from None
    except (OverflowError, RecursionError):
        raise BadArgument(f"{text[:40]!r} is too large for a regular expression") from None


def compile_quietly(expression: str) -> re.Pattern[str]:
    """Without Python's warnings on sets that may mean something else in a later version of it. Raises re.error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(expression, _OPTIONS)


def _translated(token: re.Match[str], flags: str) -> str:
    if token["end"]:
        return "$" if "m" in flags else r"\Z"
    if token["name"]:
        return "(?P<"
    if token["escape"]:
        return r"\Z" if token[0] == r"\z" else token[0]
    # The brackets themselves stay; a "[" within means itself, which Python wants escaped.
    return "[" + _IN_SET.sub(_translated_member, token[0][1:])


def _translated_member(member: re.Match[str]) -> str:
    if member["python"]:
        return "\\" + member[0]
    if member["posix"] is None:
        return member[0]
    if member["negated"] or member["posix"] not in _CLASSES:
        raise BadArgument(f"{member[0]} is not a known class of characters")
    return _CLASSES[member["posix"]]
