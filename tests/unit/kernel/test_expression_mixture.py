"""Texts with values in them."""

from __future__ import annotations

import pytest
from unit.kernel.evaluating import request, texts

from prefork_ssl.config.errors import BadArgument
from prefork_ssl.kernel.expression.mixture import compile_mixture
from prefork_ssl.kernel.expression.parsing import parse_mixture
from prefork_ssl.kernel.request import Response


def text_of(text: str, asked=None, **values: str) -> str:
    return compile_mixture(parse_mixture(text), [texts(**values)]).get(asked or request())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        (" plain  text ", " plain  text "),
        ("true and false", "true and false"),
        ("'single' \"double\" 50% $x", "'single' \"double\" 50% $x"),
        (r"\$1 \% \"", '$1 % "'),
        ("https://%{HTTP_HOST}%{REQUEST_URI}?", "https://h.example/a/b?"),
        ("%{tolower:ABC%{TEXT_A}}", "abcx"),
        ("%{HTTP:Host}%{TEXT_A}", "h.exampleX"),
    ],
)
def test_values(text: str, value: str):
    assert text_of(text, request(("host", "h.example")), A="X") == value


def test_the_response():
    asked = request()
    text = "%{REQUEST_STATUS} %{CONTENT_TYPE} %{resp:X-A}"
    assert text_of(text, asked) == "  "
    asked.response = Response(404, [("content-type", "text/plain"), ("X-A", "1"), ("x-a", "2")])
    assert text_of(text, asked) == "404 text/plain 1, 2"


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a %{NOPE}", "there is no variable NOPE", 2),
        ("a %{HTTP_HOST", "} is expected where it ends", 13),
        ("%{}", "the name of a variable is expected where '}' follows", 2),
        ("a$1", "$1 stands for nothing here", 1),
        ("%{tolower:$0}", "$0 stands for nothing here", 10),
    ],
)
def test_mistakes(text: str, message: str, column: int):
    with pytest.raises(BadArgument) as caught:
        text_of(text)
    assert str(caught.value) == message
    assert caught.value.excerpt
    assert (caught.value.excerpt.text, caught.value.excerpt.column) == (text, column)
