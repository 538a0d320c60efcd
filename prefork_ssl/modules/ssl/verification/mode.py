"""The words of SSLVerifyClient."""

from __future__ import annotations

import enum


class Mode(enum.IntEnum):
    """How much is asked of a client, in ascending order, as mod_ssl has it."""

    NONE = 0
    OPTIONAL_NO_CA = 1  # a certificate is welcome, also from a CA that is not known
    OPTIONAL = 2  # a certificate is welcome, and must be a good one
    REQUIRE = 3  # nobody enters without a good certificate


# Also the numbers of mod_ssl 2.8, and the switches of Apache 2.4.
WORDS = {
    "none": Mode.NONE,
    "off": Mode.NONE,
    "0": Mode.NONE,
    "optional": Mode.OPTIONAL,
    "1": Mode.OPTIONAL,
    "require": Mode.REQUIRE,
    "on": Mode.REQUIRE,
    "2": Mode.REQUIRE,
    "optional_no_ca": Mode.OPTIONAL_NO_CA,
    "3": Mode.OPTIONAL_NO_CA,
}
