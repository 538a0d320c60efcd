"""OpenSSL's names for object identifiers, as its programs print them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from prefork_ssl.modules.ssl.openssl.binding import ffi, lib

# Certificates hold whatever their makers like: so many are remembered.
_REMEMBERED = 1024


@lru_cache(maxsize=_REMEMBERED)
def short_name(oid: str) -> str | None:
    """ "CN" for "2.5.4.3"; None for what OpenSSL does not know."""
    return _name(oid, lib.OBJ_nid2sn)


@lru_cache(maxsize=_REMEMBERED)
def long_name(oid: str) -> str | None:
    """ "commonName" for "2.5.4.3"; None for what OpenSSL does not know."""
    return _name(oid, lib.OBJ_nid2ln)


def _name(oid: str, name_of: Any) -> str | None:
    number = lib.OBJ_txt2nid(oid.encode("ascii"))
    lib.ERR_clear_error()
    return ffi.string(name_of(number)).decode("ascii") if number else None
