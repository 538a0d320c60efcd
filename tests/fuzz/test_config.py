"""No text whatever gives anything but a configuration or its problems, one line each; and words survive quoting."""

from __future__ import annotations

import contextlib
import fnmatch
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.config.sample import CORE, LISTEN, Finder

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.errors import BadArgument, ConfigError, Problem
from prefork_ssl.config.patterns import file_pattern
from prefork_ssl.config.regex import compile_regex
from prefork_ssl.config.words import quote, split_words
from prefork_ssl.kernel.directives import CORE_DIRECTIVES
from prefork_ssl.kernel.loader import Loader

SECTIONS = [
    "VirtualHost",
    "Directory",
    "DirectoryMatch",
    "Files",
    "FilesMatch",
    "Location",
    "LocationMatch",
    "RequireAny",
    "RequireAll",
    "RequireNone",
    "IfDefine",
    "IfModule",
    "IfFile",
]
MODULES = [directive for module in Loader().installed().values() for directive in module.directives]
REAL = (*CORE_DIRECTIVES, *MODULES)
NAMES = [directive.name for directive in (*REAL, *CORE)]

# Pieces that mean something to the language, to be put together in any way. No path leads out of the folder.
PIECES = st.sampled_from(
    [
        *[
            "",
            " ",
            "\t",
            '"',
            "'",
            "\\",
            "\\\n",
            "\n",
            "\r\n",
            "\0",
            "#",
            "<",
            ">",
            "</",
            "~",
            "!",
            "${",
            "}",
            "${a}",
        ],
        *[
            "*",
            "*:80",
            "[::1]:443",
            "_default_",
            "%",
            ":",
            "=",
            ",",
            "a",
            "b c",
            "-",
            "+",
            "|",
            "on",
            "off",
            "none",
        ],
        *[
            "0",
            "80",
            "443",
            "99999999999999999999",
            "٣",
            "\udcff",
            "\u2028",
            "\x1b",
            "é",
            "(",
            ")",
            "[",
            "]",
            "{9}",
        ],
        *[
            "404",
            "ssl:debug",
            "debug",
            "header=20-40,MinRate=500",
            "(?i)",
            "\nInclude *.conf\n",
            "\nDefine a ",
        ],
        *["\nIncludeOptional b\n", "\nServerRoot sub\n", "\nUnDefine a\n", "\nLoadModule ssl_module\n"],
    ]
)
WORDS = st.lists(PIECES, max_size=4).map("".join)
LINES = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.lists(WORDS, max_size=3)).map(
        lambda line: f"{line[0]} {' '.join(line[1])}"
    ),
    st.tuples(st.sampled_from(SECTIONS), WORDS).map(lambda tag: f"<{tag[0]} {tag[1]}>"),
    st.sampled_from(SECTIONS).map(lambda name: f"</{name}>"),
    WORDS,
)
TEXTS = st.one_of(st.lists(LINES, max_size=12).map("\n".join), st.text(), st.lists(PIECES).map("".join))


@pytest.fixture(scope="module")
def folder():
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sub").mkdir()
        (folder / "a.conf").write_text("Define a b\n<IfDefine a>\nListen 1\n</IfDefine>\n")
        (folder / "b.conf").write_text("<VirtualHost *>\n")
        yield folder


def problems_of(data: bytes, folder: Path, core) -> tuple[Problem, ...]:
    file = folder / "server.conf"
    file.write_bytes(data)
    try:
        read_configuration(file, server_root=folder, core=core, modules=Finder(), defines={}, environment={})
    except ConfigError as error:
        return error.problems
    return ()


def check(data: bytes, folder: Path, core) -> None:
    """Problems are one printable line each, stand at lines that exist, and come in their order."""
    found = problems_of(data, folder, core)
    assert not any(re.search(r"[\x00-\x1f\x7f-\x9f\u2028\ud800-\udfff]", str(problem)) for problem in found)
    origins = [problem.origin for problem in found if problem.origin]
    lines = [origin.line for origin in origins if origin.file == str(folder / "server.conf")]
    assert lines == sorted(lines)
    assert all(1 <= line <= data.count(b"\n") + 1 for line in lines)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_no_text_raises_anything_else(folder, text):
    check(text.encode(errors="surrogatepass"), folder, CORE)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_no_text_raises_anything_else_with_all_installed_modules(folder, text):
    check(text.encode(errors="surrogatepass"), folder, REAL)


@given(st.binary())
def test_no_bytes_raise_anything_else(folder, data):
    check(data, folder, CORE)


WRITABLE = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\"'\\ \t\r\v{}<>#~"))
).filter(lambda word: "\n" not in word)


@given(st.lists(WRITABLE))
def test_quoted_words_are_read_as_they_were(words):
    assert split_words(" ".join(map(quote, words))) == tuple(words)


@given(st.lists(WRITABLE.filter(lambda word: "\0" not in word and "${" not in word), min_size=1))
def test_quoted_words_come_through_a_file(folder, words):
    (folder / "server.conf").write_text(f"Listen {' '.join(map(quote, words))}\n", newline="")
    configuration = read_configuration(
        folder / "server.conf", server_root=folder, core=CORE, modules=Finder(), defines={}
    )
    assert configuration.server.settings[LISTEN] == tuple(words)


EXPRESSIONS = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "c",
            ".",
            "*",
            "+",
            "?",
            "|",
            "(",
            ")",
            "(?:",
            "^",
            "$",
            "[ab]",
            "[^a]",
            r"\w",
            r"\.",
            "\\",
        ]
    )
).map("".join)


@given(EXPRESSIONS, st.text("abc.", max_size=8))
def test_expressions_match_as_a_search_does(expression, subject):
    try:
        expected = re.compile(expression).search(subject) is not None
    except re.error:
        with pytest.raises(BadArgument):
            compile_regex(expression)
    else:
        assert (compile_regex(expression).search(subject) is not None) == expected


@given(st.text())
def test_no_expression_raises_anything_else(expression):
    with contextlib.suppress(BadArgument):
        compile_regex(expression)


@given(st.text("ab.*?", min_size=1, max_size=8), st.text("ab.", max_size=8))
def test_wildcards_match_as_a_shell_does(wildcard, name):
    assert (file_pattern(wildcard).search(name) is not None) == fnmatch.fnmatchcase(name, wildcard)
