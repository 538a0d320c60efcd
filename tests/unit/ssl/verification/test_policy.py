"""Which policy is more than another."""

from __future__ import annotations

from itertools import pairwise

import pytest

from prefork_ssl.modules.ssl.verification.mode import WORDS, Mode
from prefork_ssl.modules.ssl.verification.policy import Policy

NONE, GENEROUS, OPTIONAL, REQUIRE = (
    Policy(),
    Policy(Mode.OPTIONAL_NO_CA),
    Policy(Mode.OPTIONAL),
    Policy(Mode.REQUIRE),
)


def test_the_order_of_the_modes_is_mod_ssls() -> None:
    for weaker, stronger in pairwise([NONE, GENEROUS, OPTIONAL, REQUIRE]):
        assert weaker.within(stronger)
        assert not stronger.within(weaker)


@pytest.mark.parametrize(
    ("wanted", "brought", "within"),
    [
        (Policy(Mode.REQUIRE, 2), Policy(Mode.REQUIRE, 2), True),
        (Policy(Mode.REQUIRE, 3), Policy(Mode.REQUIRE, 2), True),
        (Policy(Mode.REQUIRE, 1), Policy(Mode.REQUIRE, 2), False),
        (Policy(Mode.OPTIONAL, 1), Policy(Mode.REQUIRE, 2), False),
        (Policy(Mode.NONE, 0), Policy(Mode.REQUIRE, 2), True),
    ],
)
def test_shorter_chains_are_more_to_ask(wanted: Policy, brought: Policy, within: bool) -> None:
    assert wanted.within(brought) is within


def test_a_section_takes_nothing_away_from_its_host() -> None:
    assert GENEROUS.beyond(REQUIRE).mode is Mode.REQUIRE
    assert REQUIRE.beyond(GENEROUS).mode is Mode.REQUIRE
    assert Policy(Mode.OPTIONAL, 0).beyond(Policy(Mode.REQUIRE, 5)) == Policy(Mode.REQUIRE, 0)


def test_all_words_of_all_versions() -> None:
    assert set(WORDS.values()) == set(Mode)
    assert WORDS["2"] is WORDS["on"] is Mode.REQUIRE
