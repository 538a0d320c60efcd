"""-L tells everything that a declaration says."""

from __future__ import annotations

import enum

import pytest
from unit.config.sample import CORE, MODULES

from prefork_ssl.config import arguments
from prefork_ssl.config.directives import Context, Directive
from prefork_ssl.config.listing import list_directives


def test_every_directive_is_listed_by_name():
    text = list_directives({"core": CORE, **MODULES})
    entries = text.split("\n\n")
    assert (
        "SSLEngine on|off\n    Whether to speak TLS.\n"
        "    Context: server config, virtual host. Default: off. Module: ssl_module."
    ) in entries
    assert (
        "<Location URL-path|wildcard|~ regex>\n"
        "    Holds for a URL path and all below it; with wildcards for whole paths only.\n"
        "    Context: server config, <VirtualHost>. Default: none. Module: core."
    ) in entries
    names = [entry.split()[0].strip("<>").lower() for entry in entries]
    assert names == sorted(names)
    assert {"include", "ifdefine", "define", "loadmodule", "virtualhost", "limit"} <= set(names)
    assert len(names) == len(CORE) + sum(map(len, MODULES.values())) + 5 + 4 + 7


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        (None, "none"),
        ("", "none"),
        ((), "none"),
        ({}, "none"),
        (True, "on"),
        (False, "off"),
        (60.0, "60"),
        (0.5, "0.5"),
        (0, "0"),
        ("%h %l", '"%h %l"'),
        (Colour.RED, "red"),
        ({"": Colour.RED, "ssl": Colour.RED}, "red ssl:red"),
        (("a", "b c"), 'a "b c"'),
    ],
)
def test_defaults_are_shown_as_they_would_be_written(default, shown):
    directive = Directive("Aaa", arguments.text, Context.SERVER, default, "Something.")
    assert f"Default: {shown}. Module: x." in list_directives({"x": (directive,)}).split("\n\n")[0]
