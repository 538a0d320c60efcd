"""Tests of one value: -n "%{HTTP_COOKIE}", -R "192.0.2.0/24" (Apache's manual, expr.html)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from prefork_ssl.kernel.expression import files
from prefork_ssl.kernel.networks import membership, parse_network

if TYPE_CHECKING:
    from prefork_ssl.kernel.request import Request

# What -T takes for false, beside nothing at all.
_FALSE = ("off", "false", "no")


@dataclass(frozen=True, slots=True)
class Test:
    """Holds if `holds(request, value(text))`. `value` makes of the text what is needed, once for all requests if it is
    a constant, and raises ValueError for one that makes no sense."""

    holds: Callable[[Request, Any], bool]
    value: Callable[[str], Any] = str


def _of_text(holds: Callable[[str], bool]) -> Test:
    return Test(lambda _request, text: holds(text))


def _is_true(text: str) -> bool:
    """Zero in any length is false, too."""
    return bool(text.strip("0")) and text.lower() not in _FALSE


def _is_admitted_file(request: Request, filename: str) -> bool:
    return files.is_file(filename) and request.site.admits_file(request, filename)


def _is_admitted_target(request: Request, target: str) -> bool:
    return request.site.admits_target(request, target)


def _network(text: str) -> Callable[[str], bool]:
    return membership([parse_network(text)])


def _client_is_in(request: Request, network: Callable[[str], bool]) -> bool:
    return network(request.transport.wire.peer[0])


TESTS: Mapping[str, Test] = {
    "-n": _of_text(bool),
    "-z": _of_text(lambda text: not text),
    "-T": _of_text(_is_true),
    "-R": Test(_client_is_in, _network),
    "-e": _of_text(files.exists),
    "-f": _of_text(files.is_file),
    "-d": _of_text(files.is_directory),
    "-s": _of_text(files.is_not_empty),
    "-L": _of_text(files.is_link),
    "-h": _of_text(files.is_link),
    "-x": _of_text(files.is_executable),
    "-F": Test(_is_admitted_file),
    "-U": Test(_is_admitted_target),
    "-A": Test(_is_admitted_target),
}
