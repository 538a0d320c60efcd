"""Which content coding a client likes (RFC 9110 section 12.5.3)."""

from __future__ import annotations

import re
from functools import lru_cache

_ITEM = re.compile(
    r"\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.ASCII | re.I
)


@lru_cache(maxsize=256)
def prefers_gzip(field: str) -> bool:
    """Whether a client that sent this Accept-Encoding field takes gzip at least as gladly as no coding at all."""
    weights: dict[str, float] = {}
    for item in field.split(","):
        match = _ITEM.fullmatch(item)
        if match:
            weights[match[1].lower()] = float(match[2] or 1)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)
