"""JA4, the fingerprint of a TLS client (FoxIO, technical details of JA4): the same program gives the same one, whatever
it asks for.

    t13d1516h2_8daaf6152771_e5627efa2ab1
    transport, version, SNI or not, numbers of ciphers and extensions, ALPN _ ciphers _ extensions and signatures
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello

_SERVER_NAME, _ALPN = 0, 16
_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
# RFC 8701: numbers without a meaning, which clients throw in at random.
_GREASE = frozenset(0x0A0A + 0x1010 * number for number in range(16))


def ja4(hello: ClientHello) -> str:
    """The JA4 of a client that came over TCP."""
    number_of_ciphers, ciphers = _ciphers(hello.cipher_suites)
    # In order before they are looked up: browsers shuffle them.
    number_of_extensions, extensions = _extensions(
        tuple(sorted(hello.extensions)), hello.signature_algorithms
    )
    version = _VERSIONS.get(max(_meant(hello.versions), default=0), "00")
    name = "d" if _SERVER_NAME in hello.extensions else "i"
    return (
        f"t{version}{name}{number_of_ciphers}{number_of_extensions}{_alpn(hello.alpn)}_{ciphers}_{extensions}"
    )


# Many clients are the same program.
@lru_cache(maxsize=256)
def _ciphers(offered: tuple[int, ...]) -> tuple[str, str]:
    meant = sorted(_meant(offered))
    return _count(meant), _digest(_words(meant))


@lru_cache(maxsize=256)
def _extensions(offered: tuple[int, ...], signatures: tuple[int, ...]) -> tuple[str, str]:
    meant = _meant(offered)
    listed = _words(number for number in meant if number not in (_SERVER_NAME, _ALPN))
    signed = _words(_meant(signatures))
    return _count(meant), _digest(f"{listed}_{signed}" if signed else listed)


def _meant(numbers: Iterable[int]) -> list[int]:
    return [number for number in numbers if number not in _GREASE]


def _words(numbers: Iterable[int]) -> str:
    return ",".join([f"{number:04x}" for number in numbers])


def _count(numbers: list[int]) -> str:
    return f"{min(len(numbers), 99):02}"


def _alpn(offered: tuple[bytes, ...]) -> str:
    """First and last character of the first name; of its hexadecimal form, if they are not letters or digits."""
    if not offered:
        return "00"
    first = offered[0]
    if not (first[:1] + first[-1:]).isalnum():
        first = first.hex().encode()
    return (first[:1] + first[-1:]).decode("ascii")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else "0" * 12
