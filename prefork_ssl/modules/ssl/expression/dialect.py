"""What comparisons mean in SSLRequire: as symbols or in letters, they compare texts by their length first,
so that "56" is less than "128", and "b" less than "aa"."""

from __future__ import annotations

import operator

from prefork_ssl.kernel.expression.ap_expr import comparisons
from prefork_ssl.kernel.expression.dialect import Comparison, Dialect
from prefork_ssl.modules.ssl.expression.lists import peer_extensions

_EQUALITY = (operator.eq, operator.ne)


def _by_length(text: str) -> tuple[int, bytes]:
    data = text.encode("utf-8", "surrogateescape")
    return len(data), data


def _simplified(comparison: Comparison) -> Comparison:
    """Equal texts are equally long anyway."""
    return Comparison(comparison.holds) if comparison.holds in _EQUALITY else comparison


SSL_REQUIRE = Dialect(
    comparisons={
        name: _simplified(comparison)
        for name, comparison in comparisons(symbols=_by_length, letters=_by_length).items()
    },
    lists={"oid": peer_extensions, "peerextlist": peer_extensions},
)
