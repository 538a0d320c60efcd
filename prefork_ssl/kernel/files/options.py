"""Options: of Apache's features, symbolic links and listings exist here; the others can only be turned off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prefork_ssl.config.arguments import Words
from prefork_ssl.config.directives import Place
from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.files.paths import Symlinks

_FEATURES = {
    "none": frozenset[str](),
    "all": frozenset({"indexes", "followsymlinks"}),
    "indexes": frozenset({"indexes"}),
    "followsymlinks": frozenset({"followsymlinks"}),
    "symlinksifownermatch": frozenset({"symlinksifownermatch"}),
}
_ABSENT = {
    "multiviews": "content negotiation by file name",
    "execcgi": "CGI scripts",
    "includes": "server-side includes",
    "includesnoexec": "server-side includes",
}


@dataclass(frozen=True, slots=True)
class Options:
    """What Options lines say together: `plus` and `minus` change what holds outside, unless `absolute`."""

    absolute: bool = True
    plus: frozenset[str] = frozenset()
    minus: frozenset[str] = frozenset()

    @property
    def symlinks(self) -> Symlinks:
        """Which links are followed."""
        if "followsymlinks" in self.plus:
            return Symlinks.FOLLOW
        return Symlinks.IF_OWNER_MATCHES if "symlinksifownermatch" in self.plus else Symlinks.NONE

    @property
    def indexes(self) -> bool:
        """Whether a folder without an index file is listed."""
        return "indexes" in self.plus


def combine(earlier: Options, later: Options) -> Options:
    """Words with + and - change the options that hold so far, words without replace them."""
    if later.absolute:
        return later
    plus = (earlier.plus - later.minus) | later.plus
    minus = (earlier.minus - later.plus) | later.minus
    return Options(earlier.absolute, plus, minus)


def parse_options(words: Words, _place: Place) -> Options:
    """The words of an Options line. Raises BadArgument."""
    signed = [word for word in words if word[:1] in ("+", "-")]
    if signed and len(signed) < len(words):
        raise BadArgument("either all options begin with + or -, or none does")
    minus = [word[1:] for word in words if word.startswith("-")]
    plus = [word.removeprefix("+") for word in words if not word.startswith("-")]
    for word in plus:
        _must_exist(word)
    return Options(not signed, _features(plus), _features(minus))


def _must_exist(word: str) -> None:
    if word.lower() in _ABSENT:
        raise BadArgument(f"this server has no {_ABSENT[word.lower()]}", f"leave out {word}")


def _features(words: Iterable[str]) -> frozenset[str]:
    features: frozenset[str] = frozenset()
    for word in words:
        if word.lower() not in _FEATURES and word.lower() not in _ABSENT:
            raise BadArgument(
                f"unknown option {word!r}",
                "known are All, None, FollowSymLinks, Indexes, SymLinksIfOwnerMatch",
            )
        features |= _FEATURES.get(word.lower(), frozenset())
    return features
