"""SetEnvIf, BrowserMatch, SetEnv and their family, from the words of their lines to the variables of a request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from unit.modules.asking import new_generation, new_request

from prefork_ssl.config.directives import Directive, Place, Settings
from prefork_ssl.config.errors import BadArgument, Origin, Problem
from prefork_ssl.kernel.request import Request
from prefork_ssl.modules.env.module import module as env
from prefork_ssl.modules.setenvif.module import module as setenvif
from prefork_ssl.modules.setenvif.padding import without_padding

DIRECTIVES = {directive.name: directive for directive in (*env.directives, *setenvif.directives)}

Line = tuple[str, ...]


def values(root: Path, *lines: Line) -> dict[Directive[Any], Any]:
    """What the lines, each (directive, argument, ...), say together."""
    together: dict[Directive[Any], Any] = {}
    for name, *words in lines:
        directive = DIRECTIVES[name]
        value = directive.arguments.parse(tuple(words), Place(Origin("a.conf", 1), root))
        key = directive.part_of or directive
        together[key] = key.repeat(together[key], value) if key in together else value
    return together


def asked(root: Path, *lines: Line, target: str = "/a/path?query", **headers: str) -> Request:
    """A request to a host with these lines, when it has arrived and is to be handled."""
    generation = new_generation(root, values(root, *lines), (env, setenvif))
    request = new_request(generation, target, **headers)
    host = generation.configuration.server
    assert setenvif.hooks.post_read
    assert env.hooks.fixup
    for phase in (
        setenvif.hooks.post_read(generation, host),
        env.hooks.fixup(generation, host, host.settings),
    ):
        if phase is not None:
            assert phase(request) is None
    return request


def variables(root: Path, *lines: Line, **about: str) -> dict[str, str]:
    return asked(root, *lines, **about).env


@pytest.mark.parametrize(
    ("attribute", "regex"),
    [
        ("User-Agent", "Mozilla"),
        ("user-agent", "^Mozilla/4"),
        ("Remote_Addr", r"^192\.0\.2\.7$"),
        ("remote_host", "192"),
        ("Server_Addr", r"^192\.0\.2\.1$"),
        ("Request_Method", "^GET$"),
        ("Request_Protocol", r"^HTTP/1\.1$"),
        ("Request_URI", "^/a/path$"),
        ("QUERY_STRING", "^query$"),
        ("HTTPS", "^off$"),
        ("X-Missing", "^$"),
        ("^X-Missing", "^$"),
        ("^User-", "Mozilla"),
        ("^X-|Agent$", "MSIE"),
    ],
)
def test_attributes(tmp_path: Path, attribute: str, regex: str) -> None:
    agent = "Mozilla/4.0 (compatible; MSIE 6.0)"
    found = variables(tmp_path, ("SetEnvIf", attribute, regex, "found"), User_Agent=agent)
    assert found == {"found": "1"}
    assert variables(tmp_path, ("SetEnvIf", attribute, f"(?!{regex})^x", "found"), User_Agent=agent) == {}


def test_a_variable_set_before_is_an_attribute_unless_a_field_has_its_name(tmp_path: Path) -> None:
    lines = (("BrowserMatch", "MSIE", "old=very"), ("SetEnvIf", "old", "^very$", "really"))
    assert variables(tmp_path, *lines, User_Agent="MSIE") == {"old": "very", "really": "1"}
    assert variables(tmp_path, *lines, User_Agent="MSIE", old="no") == {"old": "very"}
    assert variables(tmp_path, *reversed(lines), User_Agent="MSIE") == {"old": "very"}


def test_what_is_done(tmp_path: Path) -> None:
    line = (
        "SetEnvIf",
        "Host",
        r"^(\w+)\.(\w+)",
        "both=$2-$1",
        "all=$0",
        "price=\\$1",
        "!gone",
        "plain",
        "none=",
    )
    expected = {"both": "b-a", "all": "a.b", "price": "$1", "plain": "1", "none": "", "stays": "1"}
    assert variables(tmp_path, ("SetEnvIf", "Host", "^", "gone", "stays"), line, Host="a.b.test") == expected


def test_letters_count_or_do_not(tmp_path: Path) -> None:
    lines = (
        ("SetEnvIf", "User-Agent", "msie", "a"),
        ("BrowserMatch", "msie", "b"),
        ("SetEnvIfNoCase", "User-Agent", "msie", "c"),
        ("BrowserMatchNoCase", "msie", "d"),
    )
    assert variables(tmp_path, *lines, User_Agent="MSIE") == {"c": "1", "d": "1"}


def test_fields_are_text(tmp_path: Path) -> None:
    octets = "Müller".encode().decode("latin-1")
    found = variables(tmp_path, ("SetEnvIf", "X-Name", "^(M.ller)$", "name=$1"), X_Name=octets)
    assert found == {"name": "Müller"}


def test_conditions(tmp_path: Path) -> None:
    line = ("SetEnvIfExpr", "%{REQUEST_METHOD} == 'GET' && -z %{HTTP_REFERER}", "direct=$$")
    assert variables(tmp_path, line) == {"direct": "$$"}
    assert variables(tmp_path, line, Referer="http://www.example.com/") == {}


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (r"%{QUERY_STRING} =~ /id=(\d+)/", ("ID=$1",), {"ID": "42"}),
        (
            r"%{QUERY_STRING} =~ m#(\w+)=(\d+)#",
            ("a=$2-$1", "all=$0", "b=\\$1"),
            {"a": "42-id", "all": "id=42", "b": "$1"},
        ),
        (r"%{QUERY_STRING} =~ /no=(\d+)/", ("ID=$1",), {}),
        # The last regular expression that has matched counts, whatever groups it has.
        (r"%{QUERY_STRING} =~ /id=(\d+)/ && %{HTTP_HOST} =~ /a\.(.*)/", ("x=$1",), {"x": "test"}),
        (r"%{QUERY_STRING} =~ /id=(\d+)/ && %{HTTP_HOST} =~ /a/", ("x=$0-$1",), {"x": "a-"}),
        (r"%{QUERY_STRING} =~ /id=(\d+)/ || %{HTTP_HOST} =~ /(a)/", ("x=$1",), {"x": "42"}),
        (r"%{QUERY_STRING} =~ /no=(\d+)/ || %{HTTP_HOST} =~ /(a)/", ("x=$1",), {"x": "a"}),
        (r"%{HTTP_HOST} == 'a.test' || %{QUERY_STRING} =~ /id=(\d+)/", ("x=<$1>",), {"x": "<>"}),
        (r"%{QUERY_STRING} !~ /no=(\d+)/", ("x=<$1>",), {"x": "<>"}),
        (r"%{QUERY_STRING} =~ /id=(x)?(\d+)/", ("x=<$1$2>",), {"x": "<42>"}),
    ],
)
def test_groups_of_conditions(
    tmp_path: Path, condition: str, values: tuple[str, ...], expected: dict[str, str]
) -> None:
    line = ("SetEnvIfExpr", condition, *values)
    assert variables(tmp_path, line, target="/?id=42", Host="a.test") == expected


def test_groups_of_one_condition_are_not_those_of_the_next(tmp_path: Path) -> None:
    lines = (
        ("SetEnvIfExpr", "%{HTTP_HOST} =~ /(a)/", "x=$1"),
        ("SetEnvIfExpr", "%{HTTP_HOST} == 'a.test' || %{HTTP_HOST} =~ /(b)/", "y=<$1>"),
    )
    assert variables(tmp_path, *lines, Host="a.test") == {"x": "a", "y": "<>"}


def test_lines_of_a_section_are_looked_at_there_only_and_before_access_control(tmp_path: Path) -> None:
    outer = Settings(values(tmp_path, ("SetEnvIf", "Host", "^", "server")))
    generation = new_generation(tmp_path, {directive: outer[directive] for directive in outer}, (setenvif,))
    host = generation.configuration.server
    inner = Settings(values(tmp_path, ("SetEnvIf", "Host", "^", "section"))).inside(host.settings)
    assert setenvif.hooks.header_parser
    assert setenvif.hooks.header_parser(generation, host, host.settings) is None
    request = new_request(generation, "/", Host="a.test")
    phase = setenvif.hooks.header_parser(generation, host, inner)
    assert phase is not None
    phase(request)
    assert request.env == {"section": "1"}


def test_set_pass_and_unset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSED", "from outside")
    monkeypatch.delenv("NOT_THERE", raising=False)
    lines = (
        ("SetEnv", "ROLE", "guest"),
        ("SetEnv", "EMPTY"),
        ("PassEnv", "PASSED", "NOT_THERE"),
        ("SetEnv", "GONE", "1"),
        ("UnsetEnv", "GONE", "NEVER"),
        ("SetEnv", "ROLE", "admin"),
    )
    assert variables(tmp_path, *lines) == {"ROLE": "admin", "EMPTY": "", "PASSED": "from outside"}


def test_an_inner_scope_wins(tmp_path: Path) -> None:
    outer = Settings(values(tmp_path, ("SetEnv", "A", "outer"), ("SetEnv", "B", "outer")))
    inner = Settings(values(tmp_path, ("SetEnv", "A", "inner"), ("UnsetEnv", "B"))).inside(outer)
    generation = new_generation(tmp_path, {})
    assert env.hooks.fixup
    phase = env.hooks.fixup(generation, generation.configuration.server, inner)
    assert phase is not None
    request = new_request(generation, "/")
    phase(request)
    assert request.env == {"A": "inner"}


def test_a_host_without_lines_has_nothing_to_do(tmp_path: Path) -> None:
    generation = new_generation(tmp_path, {})
    host = generation.configuration.server
    assert setenvif.hooks.post_read
    assert setenvif.hooks.header_parser
    assert env.hooks.fixup
    assert setenvif.hooks.post_read(generation, host) is None
    assert setenvif.hooks.header_parser(generation, host, host.settings) is None
    assert env.hooks.fixup(generation, host, host.settings) is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("SetEnvIf", "Host", "^"), "takes attribute regex"),
        (("SetEnvIf", "Host", "(", "a"), "is not a regular expression"),
        (("SetEnvIf", "X-(", "^", "a"), "is not a regular expression"),
        (("SetEnvIf", "Host", "^", "a=$1"), "$1 stands for no group"),
        (("SetEnvIf", "Host", "^", "=a"), "is not the name of a variable"),
        (("SetEnvIf", "Host", "^", "!"), "is not the name of a variable"),
        (("SetEnvIf", "Host", "^", "a b=c"), "is not the name of a variable"),
        (("SetEnvIf", "Host", "^", "!SCRIPT_NAME"), "SCRIPT_NAME is the server's own"),
        (("SetEnv", "CONTEXT_DOCUMENT_ROOT", "/"), "CONTEXT_DOCUMENT_ROOT is the server's own"),
        (("SetEnvIfExpr", "-n %{HTTP_HOST}", "b=$1"), "has groups, but the condition no regular expression"),
        (("SetEnvIfExpr", "%{HTTP_HOST} =~ /(a)/", "b=$2"), "$2 stands for no group"),
        (("SetEnvIfExpr", "%{HTTP_HOST} =~ /(a/", "b=$1"), "is not a regular expression"),
        (("BrowserMatch", "MSIE"), "takes regex"),
        (("SetEnvIfExpr", "%{REQUEST_METHOD", "a"), "is expected where"),
        (("SetEnv", "A=b"), "is not the name of a variable"),
        (("SetEnv", "A", "b", "c"), "takes variable [value]"),
        (("PassEnv",), "takes variable"),
        (("UnsetEnv", ""), "is not the name of a variable"),
    ],
)
def test_lines_that_make_no_sense(tmp_path: Path, line: Line, told: str) -> None:
    with pytest.raises(BadArgument) as error:
        values(tmp_path, line)
    assert told in str(error.value)


def test_a_condition_about_nothing_known(tmp_path: Path) -> None:
    generation = new_generation(tmp_path, values(tmp_path, ("SetEnvIfExpr", "%{NOBODY_KNOWS} == 'x'", "a")))
    problems: list[Problem] = []
    assert setenvif.hooks.check
    setenvif.hooks.check(generation.configuration, (setenvif,), problems.append)
    (problem,) = problems
    assert str(problem).startswith("a.conf:1: ")
    assert "NOBODY_KNOWS" in str(problem)


def test_extensions_are_known_where_a_module_knows_them(tmp_path: Path) -> None:
    lines = values(tmp_path, ("SetEnvIf", 'OID("1.2.3")', "x", "a"))
    generation = new_generation(tmp_path, lines)
    problems: list[Problem] = []
    assert setenvif.hooks.check
    setenvif.hooks.check(generation.configuration, (setenvif,), problems.append)
    (problem,) = problems
    assert str(problem).startswith('a.conf:1: SetEnvIf: OID("1.2.3"): no module')


def test_a_field_cannot_pass_for_a_variable_of_the_server(tmp_path: Path) -> None:
    line = ("SetEnvIf", "HTTPS", "^on$", "secret")
    assert variables(tmp_path, line, HTTPS="on") == {}
    said = ("SetEnvIf", "X-Forwarded-Proto", "^https$", "HTTPS=on")
    assert variables(tmp_path, said, line, X_Forwarded_Proto="https") == {"HTTPS": "on", "secret": "1"}


@pytest.mark.parametrize(
    ("regex", "core"),
    [
        (".*MSIE.*", "MSIE"),
        (".*a|b.*", "a|b"),
        (".*", ""),
        (".*.*", ""),
        (".*?MSIE", ".*?MSIE"),
        (r"dots\.*", r"dots\.*"),
        (r"slash\\.*", r"slash\\"),
        ("^.*MSIE$", "^.*MSIE$"),
        ("[.*]", "[.*]"),
    ],
)
def test_padding(regex: str, core: str) -> None:
    assert without_padding(regex) == core


def test_padding_stays_where_groups_tell_of_it(tmp_path: Path) -> None:
    line = ("BrowserMatch", ".*MSIE.*", "all=$0")
    assert variables(tmp_path, line, User_Agent="an MSIE 5") == {"all": "an MSIE 5"}


def test_what_cannot_be_passed_on_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    outer = values(tmp_path, ("SetEnv", "NOT_THERE", "outside"), ("PassEnv", "NOT_THERE"))
    generation = new_generation(tmp_path, outer, (env,))
    assert env.hooks.prepare
    assert env.hooks.examine
    (warning,) = env.hooks.examine(generation.configuration)
    assert warning.startswith("a.conf:1: PassEnv NOT_THERE: ")
    env.hooks.prepare(generation)
    generation.logs.flush()
    assert warning in (tmp_path / "logs/error_log").read_text()
    assert variables(tmp_path, *[("SetEnv", "NOT_THERE", "outside"), ("PassEnv", "NOT_THERE")]) == {
        "NOT_THERE": "outside"
    }
