"""SSLOptions: what is exported, faked, enforced and spared, and how sections change what holds around them.

Signed words add to the options or take from them. A word without a sign replaces everything before it, also earlier
words of its line, and makes the line absolute: what holds outside the section does not count any more.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words, many
from prefork_ssl.config.directives import Arguments, Context, Directive, Place
from prefork_ssl.config.errors import BadArgument


class SSLOption(enum.Enum):
    """An option; its value is how it is written."""

    STD_ENV_VARS = "StdEnvVars"
    COMPAT_ENV_VARS = "CompatEnvVars"
    EXPORT_CERT_DATA = "ExportCertData"
    FAKE_BASIC_AUTH = "FakeBasicAuth"
    STRICT_REQUIRE = "StrictRequire"
    OPT_RENEGOTIATE = "OptRenegotiate"
    LEGACY_DN_STRING_FORMAT = "LegacyDNStringFormat"


_NAMED = {option.value.lower(): option for option in SSLOption}


@dataclass(frozen=True, slots=True)
class SSLOptions:
    """What SSLOptions lines say together: `SSLOption.X in settings[SSL_OPTIONS]`. `added` and `removed` change what
    holds outside, unless `absolute`."""

    absolute: bool = False
    added: frozenset[SSLOption] = frozenset()
    removed: frozenset[SSLOption] = frozenset()

    def __str__(self) -> str:
        return " ".join(option.value for option in SSLOption if option in self.added)

    def __contains__(self, option: SSLOption) -> bool:
        return option in self.added

    def then(self, later: SSLOptions) -> SSLOptions:
        """These options, changed by those of a later line or of an inner section."""
        if later.absolute:
            return later
        added = (self.added - later.removed) | later.added
        removed = (self.removed - later.added) | later.removed
        return SSLOptions(self.absolute, added, removed)


def parse_options(words: Words, _place: Place) -> SSLOptions:
    """The words of one line. Raises BadArgument."""
    options = SSLOptions()
    for word in words:
        options = options.then(_option(word))
    return options


def _option(word: str) -> SSLOptions:
    name = word[1:] if word[:1] in ("+", "-") else word
    if name.lower() == "none" and name == word:
        return SSLOptions(absolute=True)
    option = _NAMED.get(name.lower())
    if option is None:
        raise BadArgument(
            f"unknown option {word!r}", f"known are {', '.join(each.value for each in SSLOption)}"
        )
    if word.startswith("-"):
        return SSLOptions(removed=frozenset((option,)))
    return SSLOptions(absolute=not word.startswith("+"), added=frozenset((option,)))


_ARGUMENTS: Arguments[SSLOptions] = many("[+|-]option ...", parse_options)

SSL_OPTIONS: Directive[SSLOptions] = Directive(
    "SSLOptions",
    _ARGUMENTS,
    Context.ANYWHERE,
    SSLOptions(),
    f"What is done beside TLS itself: {', '.join(each.value for each in SSLOption)}; with + and - options are added "
    "and removed.",
    SSLOptions.then,
    SSLOptions.then,
)
