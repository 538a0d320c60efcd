"""What can be wrong with a line, and what is said of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from unit.modules.headers.applying import problems, rules

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument, Origin
from prefork_ssl.config.tree import DirectorySection, SectionKind
from prefork_ssl.modules.headers.directives import HEADER, REQUEST_HEADER

OWN = "is the server's own: it tells where a message ends, or is about one connection only"
CONDITION = "condition must be early, env=[!]name or expr=expression, not"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("set", "needs an action and the name of a field", "actions are set"),
        ("always", "needs an action", "actions are set"),
        ("always set", "needs an action", "actions are set"),
        ("put X 1", "'put' is not an action", "actions are set"),
        ("sett X 1", "'sett' is not an action", "did you mean set?"),
        ("set X", "set needs a value behind the name", ""),
        ("edit X a", "edit needs a regular expression and a replacement behind the name", ""),
        ("note X", "note needs the name of a note behind the name", ""),
        ("set X a b", f"{CONDITION} 'b'", "in quotes"),
        ("set X a env=b c", "there is too much on the line, from 'env=b' on", "in quotes"),
        ("unset X a", f"{CONDITION} 'a'", "in quotes"),
        ("set X a env=", f"{CONDITION} 'env='", "in quotes"),
        ("set X a env=!", f"{CONDITION} 'env=!'", "in quotes"),
        ('set "X Y" a', "'X Y' is no name of a header field", "no blanks"),
        ('set "" a', "'' is no name of a header field", "no blanks"),
        ("set Xü a", "'Xü' is no name of a header field", "no blanks"),
        ("set Content-Length 1", f"Content-Length {OWN}", "remove the line"),
        ("always set transfer-encoding chunked", f"transfer-encoding {OWN}", "remove the line"),
        ("unset Connection", f"Connection {OWN}", "remove the line"),
        ("edit Upgrade: a b", f"Upgrade {OWN}", "remove the line"),
        ('set X "a\x00b"', "a header field cannot have control characters", "write a blank"),
        ('set X "a\tb"', "a header field cannot have control characters", "write a blank"),
        (r'set X "a\nb"', r"a header field cannot have a \n", "write a blank"),
        (r'edit X a "\r\nSet-Cookie: a"', r"a header field cannot have a \r", "write a blank"),
        ("set X 100%", "'%' is not a format", "write %% for a percent sign; known are"),
        ("set X %x", "'%x' is not a format", "write %% for a percent sign; known are"),
        ("set X %{A}x", "'%{A}x' is not a format", "write %% for a percent sign; known are"),
        ("set X %{A}", "'%{A}' is not a format", "write %% for a percent sign; known are"),
        ("set X %{}e", "%{}e needs a name in braces", ""),
        ("set X %i", "%i is not known", "%l gives the load averages"),
        ("set X %b", "%b is not known", "%l gives the load averages"),
        ("edit X ( b", "'(' is not a regular expression", ""),
        ("edit X (a) $2", "$2 stands for no group of the regular expression", "in parentheses"),
        ("echo *", "'*' is not a regular expression", ""),
        ("set X a expr=%{A", "} is expected where it ends", ""),
        ("set X expr=%{A", "} is expected where it ends", ""),
        ("set X expr=$1", "$1 stands for nothing here", r"write \$1"),
        ("set X expr=%{NOPE}", "there is no variable NOPE", ""),
        ('set X a "expr=%{NOPE} == 1"', "there is no variable NOPE", ""),
        ("set X %{NOPE}s", "no module that is loaded has a variable NOPE", "have set is %{NOPE}e"),
        ("set X %{REMOTE_ADR}s", "no module that is loaded has a variable REMOTE_ADR", "mean REMOTE_ADDR?"),
        ("set X %{SSL_PROTOCOL}s", "no module that is loaded has a variable SSL_PROTOCOL", "LoadModule ssl_module"),
    ],
)  # fmt: skip
def test_what_is_wrong(tmp_path: Path, line: str, message: str, hint: str):
    found, remedy = said_of(tmp_path, line)
    assert found.startswith(message)
    assert hint in remedy


def said_of(root: Path, line: str) -> tuple[str, str]:
    """What is wrong with it, when it is read or when all modules are known, and the remedy."""
    try:
        (problem,) = problems(root, line)
    except BadArgument as error:
        return str(error), error.hint
    assert str(problem.origin) == "a.conf:1"
    return problem.message.removeprefix("Header: "), problem.hint


@pytest.mark.parametrize("action", ["echo X", "note X a", "always set X a", "onsuccess set X a"])
def test_only_of_responses(action: str):
    with pytest.raises(BadArgument, match=f"'{action.split()[0]}' is not an action"):
        rules(REQUEST_HEADER, action)


def test_early_is_for_hosts(tmp_path: Path):
    early, late = rules(HEADER, "set X a early", "set X a")
    section = DirectorySection(
        SectionKind.LOCATION,
        "/",
        re.compile("/"),
        Settings({HEADER: (early, late)}),
        (),
        Origin("a.conf", 9),
    )
    (problem,) = problems(tmp_path, "set Y a EARLY", section=section)
    assert str(problem) == (
        "a.conf:1: Header: early is for the server and virtual hosts only"
        " (take the line out of its section, or the word out of the line)"
    )


def test_a_line_that_hosts_inherit_is_told_once(tmp_path: Path):
    assert len(problems(tmp_path, "set X %{NOPE}s")) == 1
