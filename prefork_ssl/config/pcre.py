"""Regular expressions as Apache's configurations have them (PCRE), in the words of Python's re.

What means the same in both is left alone. The rest is translated, as far as configurations use it:

- `$` is the end and nothing but the end. Python's would also match before a last line feed, and a file called
  "x.php\\n" would not be taken for what it is (CVE-2017-15715).
- (?<name>...) and POSIX classes such as [[:digit:]].
- Braces that are no repetition are escaped: other engines have other ideas of {e}.
"""

from __future__ import annotations

import re

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
    | (?P<repetition>\{(?P<least>[0-9]*)(?:,(?P<most>[0-9]*))?\})
    | (?P<brace>\{)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_SET = re.compile(r"\\.|\[:(?P<negated>\^?)(?P<posix>\w*):\]|(?P<python>[\[&~|])", re.DOTALL)


def translate(text: str) -> tuple[str, str]:
    """The flags at the very beginning, "i" of (?i), and the rest in the words of re. Raises BadArgument."""
    found = _FLAGS.match(text)
    leading, flags = (found[0], found[1]) if found else ("", "")
    return flags, _TOKEN.sub(lambda token: _translated(token, flags), text[len(leading) :])


def _translated(token: re.Match[str], flags: str) -> str:
    if token["end"]:
        return "$" if "m" in flags else r"\Z"
    if token["name"]:
        return "(?P<"
    if token["escape"]:
        return r"\Z" if token[0] == r"\z" else token[0]
    if token["brace"] or token[0] in ("{}", "{,}"):
        return "\\" + token[0]
    if token["repetition"]:
        return token[0] if token["least"] else f"{{0,{token['most']}}}"
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
