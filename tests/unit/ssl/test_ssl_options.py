"""SSLOptions: words with and without signs, and how sections change what holds around them (mod_ssl's manual)."""

from __future__ import annotations

import pytest

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.modules.ssl.access.options import SSL_OPTIONS, SSLOption, SSLOptions, parse_options


def options(*lines: str) -> SSLOptions:
    """What holds after these lines, each of a scope inside the one before."""
    held = SSL_OPTIONS.default
    for line in lines:
        held = SSL_OPTIONS.merge(held, parse_options(tuple(line.split()), None))
    return held


@pytest.mark.parametrize(
    ("lines", "held"),
    [
        ([], ""),
        (["+StdEnvVars"], "StdEnvVars"),
        (["+stdenvvars +STRICTREQUIRE"], "StdEnvVars StrictRequire"),
        (["StdEnvVars"], "StdEnvVars"),
        # of several words without a sign, the last counts
        (["StdEnvVars ExportCertData"], "ExportCertData"),
        (["+StdEnvVars ExportCertData"], "ExportCertData"),
        (["ExportCertData +StdEnvVars"], "StdEnvVars ExportCertData"),
        (["+StdEnvVars -StdEnvVars"], ""),
        (["-StdEnvVars +StdEnvVars"], "StdEnvVars"),
        # signed words change what holds outside
        (["+StdEnvVars", "+FakeBasicAuth"], "StdEnvVars FakeBasicAuth"),
        (["+StdEnvVars +FakeBasicAuth", "-StdEnvVars"], "FakeBasicAuth"),
        (["StdEnvVars", "+FakeBasicAuth"], "StdEnvVars FakeBasicAuth"),
        (["+StdEnvVars", "-StdEnvVars", "+StdEnvVars"], "StdEnvVars"),
        (["+StdEnvVars", "-FakeBasicAuth", "+OptRenegotiate"], "StdEnvVars OptRenegotiate"),
        # one word without a sign, and it does not matter
        (["+StdEnvVars", "StrictRequire"], "StrictRequire"),
        (["+StdEnvVars", "+FakeBasicAuth StrictRequire"], "StrictRequire"),
        (["+StdEnvVars", "StrictRequire +FakeBasicAuth"], "FakeBasicAuth StrictRequire"),
        (["+StdEnvVars", "None"], ""),
        (["+StdEnvVars", "none +CompatEnvVars"], "CompatEnvVars"),
    ],
)
def test_what_holds(lines, held):
    found = options(*lines)
    assert str(found) == held
    for option in SSLOption:
        assert (option in found) is (option.value in held.split())


def test_lines_of_one_scope_are_like_words_of_one_line():
    first, second = (
        parse_options(("+StdEnvVars",), None),
        parse_options(("-StdEnvVars", "+ExportCertData"), None),
    )
    assert str(SSL_OPTIONS.repeat(first, second)) == "ExportCertData"


def test_scopes_can_be_merged_from_the_inside_too():
    """Sections are merged one after another, but a virtual host has been merged before."""
    words = [
        "+StdEnvVars",
        "-StdEnvVars",
        "StrictRequire",
        "+FakeBasicAuth",
        "-FakeBasicAuth +OptRenegotiate",
    ]
    parsed = [parse_options(tuple(word.split()), None) for word in words]
    for a in parsed:
        for b in parsed:
            for c in parsed:
                assert a.then(b).then(c) == a.then(b.then(c))


@pytest.mark.parametrize("word", ["StdEnvVar", "+", "-none", "+None", "*", "+-StdEnvVars"])
def test_unknown_words(word):
    with pytest.raises(BadArgument, match="unknown option"):
        parse_options((word,), None)
