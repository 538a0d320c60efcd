"""What ServerTokens lets the server tell of itself."""

from __future__ import annotations

import re

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import SERVER_TOKENS
from prefork_ssl.kernel.http.software import server_software
from prefork_ssl.kernel.module import Module

MODULES = (Module(name="a", tokens=("A/1", "B/2")), Module(name="b"), Module(name="c", tokens=("C/3",)))


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("full", r"prefork_ssl/\d+\.\d+\.\S+ A/1 B/2 C/3"),
        ("os", r"prefork_ssl/\d+\.\d+\.\S+ \(Unix\)"),
        ("minimal", r"prefork_ssl/\d+\.\d+\.\S+"),
        ("minor", r"prefork_ssl/\d+\.\d+"),
        ("major", r"prefork_ssl/\d+"),
        ("prod", "prefork_ssl"),
    ],
)
def test_server_tokens(tokens, expected):
    assert re.fullmatch(expected, server_software(Settings({SERVER_TOKENS: tokens}), MODULES))
