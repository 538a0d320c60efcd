"""What differs between the users of the language: the meaning of comparisons, and the lists that there are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds if `holds(left(a), right(b))`. `left` and `right` make of a text what is compared, once for all requests if
    the text is a constant; str leaves it as it is. `right` raises ValueError for a text that makes no sense."""

    holds: Callable[[Any, Any], bool]
    left: Callable[[str], Any] = str
    right: Callable[[str], Any] = str


# A list by its argument, as in: word in NAME("argument"). Raises BadArgument.
List = Callable[[str], Callable[["Request"], Collection[str]]]


@dataclass(frozen=True, slots=True)
class Dialect:
    """`comparisons` by operator, as it is written; `lists` by name, in lower case."""

    comparisons: Mapping[str, Comparison]
    lists: Mapping[str, List]
