"""What the actions do, and when."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from unit.modules.asking import new_request
from unit.modules.headers.applying import Fields, receive, respond, response_phase, site

from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import RequestError, Response
from prefork_ssl.modules.headers.module import module

TWO = [("X-A", "1"), ("x-a", "2"), ("B", "3")]


@pytest.mark.parametrize(
    ("line", "before", "after"),
    [
        ("set X-A 9", TWO, [("B", "3"), ("X-A", "9")]),
        ("set X-A: 9", [], [("X-A", "9")]),
        ("SET x-a ''", TWO, [("B", "3"), ("x-a", "")]),
        ("setifempty X-A 9", TWO, TWO),
        ("setifempty X-A 9", [("B", "3")], [("B", "3"), ("X-A", "9")]),
        ("add X-A 9", TWO, [*TWO, ("X-A", "9")]),
        ("append X-A 9", TWO, [("X-A", "1, 9"), ("x-a", "2"), ("B", "3")]),
        ("append X-A 9", [], [("X-A", "9")]),
        ("append X-A 9", [("X-A", "")], [("X-A", "9")]),
        ("merge X-A 9", TWO, [("X-A", "1, 9"), ("x-a", "2"), ("B", "3")]),
        ("merge X-A 2", TWO, TWO),
        ("merge X-A b", [("X-A", "a,b ,c")], [("X-A", "a,b ,c")]),
        ("merge X-A b", [("X-A", 'a, "b, b"')], [("X-A", 'a, "b, b", b')]),
        ("merge X-A B", [("X-A", "a,b")], [("X-A", "a,b, B")]),
        ('merge X-A "\\"b, c\\""', [("X-A", 'a, "b, c"')], [("X-A", 'a, "b, c"')]),
        ("merge X-A 9", [], [("X-A", "9")]),
        ("unset X-A", TWO, [("B", "3")]),
        ("unset C", TWO, TWO),
        ("edit X-A [0-9] <$0>", TWO, [("X-A", "<1>"), ("x-a", "<2>"), ("B", "3")]),
        ("edit X-A b c", [("X-A", "abb")], [("X-A", "acb")]),
        ("edit* X-A b c", [("X-A", "abb")], [("X-A", "acc")]),
        ("edit* X-A b* -", [("X-A", "abba")], [("X-A", "-a--a-")]),
        ("edit* X-A ^b c", [("X-A", "bbb")], [("X-A", "cbb")]),
        ("edit* X-A b$ c", [("X-A", "bbb")], [("X-A", "bbc")]),
        ("edit* X-A (a)|(b) [$1$2$0]", [("X-A", "xabx")], [("X-A", "x[aa][bb]x")]),
        (r"edit X-A a \$1\\\\$0\&", [("X-A", "a")], [("X-A", "$1\\a\\&")]),
        ("edit X-A (?i)A ''", [("X-A", "a")], [("X-A", "")]),
        ("edit X-A ü ö", [("X-A", "Ã¼Ã¼")], [("X-A", "Ã¼Ã¼")]),
        ("edit X-A 1 %t%%", [], []),
        ('edit X-A 1 "expr=<%{REQUEST_METHOD}>"', TWO, [("X-A", "<GET>"), ("x-a", "2"), ("B", "3")]),
        ("echo ^b", [("B", "3")], [("B", "3"), ("bb", "4"), ("b", "5")]),
        ("note X-A seen", TWO, TWO),
        (r"set X-A $1%%\\\\\x", [], [("X-A", r"$1%\\x")]),
        ("set X-A 'ü €'", [], [("X-A", "Ã¼ â\x82¬")]),
        ("set X-A ' a '", [], [("X-A", "a")]),
    ],
)
def test_actions(tmp_path: Path, line: str, before: Fields, after: Fields):
    generation = site(tmp_path, line)
    request = new_request(generation, "/a", A="1", Connection="b", bb="4", b="5")
    assert respond(generation, Response(200, before), request) == after


def test_echo_leaves_out_what_frames_a_message(tmp_path: Path):
    generation = site(tmp_path, "echo .")
    request = new_request(
        generation, "/a", Host="h", Content_Length="5", Connection="x", Transfer_Encoding="chunked", TE="x"
    )
    assert respond(generation, Response(200), request) == [("host", "h")]


def test_notes_are_for_logs_and_for_what_comes_later(tmp_path: Path):
    generation = site(tmp_path, "note X-A seen", "unset X-A", "set B <%{seen}e>", "note C other")
    request = new_request(generation, "/a")
    assert respond(generation, Response(200, TWO), request) == [("B", "<1, 2>")]
    assert request.env == {"seen": "1, 2"}


def test_requests(tmp_path: Path):
    generation = site(
        tmp_path,
        "RequestHeader set X-Set a",
        "RequestHeader append Accept b",
        "RequestHeader unset Cookie",
        "RequestHeader edit Referer ^http: https:",
        "RequestHeader setifempty Via v",
        "RequestHeader add X-Add 1 early",
    )
    request = new_request(generation, "/a", Accept="a", Cookie="c", Referer="http://r/", X_Set="forged")
    assert receive(generation, request) == [
        ("accept", "a, b"),
        ("referer", "https://r/"),
        ("x-add", "1"),
        ("x-set", "a"),
        ("via", "v"),
    ]
    assert request.header("x-set") == "a"


def test_a_name_with_underscores_replaces_what_clients_can_send(tmp_path: Path):
    generation = site(tmp_path, "RequestHeader set X_User_DN ours", "RequestHeader unset Y_A")
    request = new_request(generation, "/a", X_User_DN="forged", Y_A="forged")
    assert receive(generation, request) == [("x_user_dn", "ours")]


def test_a_later_line_sees_what_an_earlier_one_did(tmp_path: Path):
    generation = site(
        tmp_path, "RequestHeader set A 1", "RequestHeader set B expr=%{HTTP:A}2", "set C expr=%{resp:D}"
    )
    request = new_request(generation, "/a")
    assert receive(generation, request) == [("a", "1"), ("b", "12")]
    assert respond(generation, Response(200, [("D", "4")]), request) == [("D", "4"), ("C", "4")]


# --- when ---


def answer(status: int, *, internal: bool) -> Response:
    response = Response(status, [("A", "1")])
    response.internal = internal
    return response


@pytest.mark.parametrize(
    ("status", "internal", "both"),
    [
        (200, False, True),
        (206, False, True),
        (304, False, True),
        (302, True, False),
        (404, True, False),
        (500, True, False),
        (302, False, True),
        (404, False, True),
    ],
)
def test_always_and_onsuccess(tmp_path: Path, status: int, internal: bool, both: bool):
    generation = site(tmp_path, "set X b", "onsuccess add Y b", "always set X c", "always add Y c")
    fields = respond(generation, answer(status, internal=internal))
    always = [("A", "1"), ("X", "c"), ("Y", "c")]
    assert fields == ([("A", "1"), ("Y", "c"), ("X", "b"), ("Y", "b")] if both else always)


def test_a_line_with_both_acts_once(tmp_path: Path):
    generation = site(tmp_path, "edit A $ ;Secure", "always edit A $ ;Secure", "onsuccess edit A $ ;HttpOnly")
    assert respond(generation, answer(200, internal=False)) == [("A", "1;Secure;HttpOnly")]


def test_early_fields_give_way_to_those_of_the_response(tmp_path: Path):
    generation = site(
        tmp_path, "set A early early", "set B early early", "set C late", "always set D x early"
    )
    assert respond(generation, answer(200, internal=False)) == [
        ("D", "x"),
        ("B", "early"),
        ("A", "1"),
        ("C", "late"),
    ]
    assert respond(generation, answer(404, internal=True)) == [("D", "x"), ("A", "1")]


def environment(_generation, _host, _settings):
    return lambda _request: {"HTTPS": "on", "SSL_CLIENT_S_DN": "CN=Ã¼", "object": 1}


TLS = Module(name="tls", hooks=Hooks(environment=environment))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("env=NOTE", True),
        ("env=EMPTY", True),
        ("ENV=!NOTE", False),
        ("env=OTHER", False),
        ("env=!OTHER", True),
        ("env=HTTPS", True),
        ("env=!HTTPS", False),
        ("env=object", False),
        ("\"expr=%{REQUEST_METHOD} == 'GET'\"", True),
        ("\"expr=%{REQUEST_METHOD} == 'PUT'\"", False),
        ("'expr=%{CONTENT_TYPE} =~ m#^text/#'", True),
        ("'expr=%{REQUEST_STATUS} -ge 400'", False),
        ('\'expr=reqenv("NOTE") == "n"\'', True),
    ],
)
def test_conditions(tmp_path: Path, condition: str, holds: bool):
    generation = site(tmp_path, f"set X 1 {condition}", modules=[TLS])
    request = new_request(generation, "/a")
    request.env |= {"NOTE": "n", "EMPTY": ""}
    fields = respond(generation, Response(200, [("Content-Type", "text/html")]), request)
    assert (("X", "1") in fields) is holds


# --- values ---


def test_values(tmp_path: Path):
    generation = site(
        tmp_path,
        "set T %t",
        "set D %D",
        "set L %l",
        "set E %{NOTE}e%{EMPTY}e%{OTHER}e%{SSL_CLIENT_S_DN}e",
        "set S %{REQUEST_METHOD}s%{REMOTE_USER}s%{HTTP_USER_AGENT}s",
        modules=[TLS],
    )
    request = new_request(generation, "/a", User_Agent="Ã¼")
    request.env |= {"NOTE": "ü", "EMPTY": ""}
    fields = dict(respond(generation, Response(200), request))
    assert fields["T"] == f"t={request.started * 1e6:.0f}"
    assert re.fullmatch(r"D=[0-9]+", fields["D"])
    assert re.fullmatch(r"l=[0-9.]+/[0-9.]+/[0-9.]+", fields["L"])
    assert fields["E"] == "Ã¼(null)CN=Ã¼"
    assert fields["S"] == "GET(null)Ã¼"


HOSTILE = "a\r\nSet-Cookie: x=1\0\x1b\x7f\tb"
CLEAN = "a  Set-Cookie: x=1    b"


@pytest.mark.parametrize(
    "line",
    [
        "set X %{NOTE}e",
        "add X %{NOTE}e",
        "append X %{NOTE}e",
        "merge X %{NOTE}e",
        "setifempty X %{NOTE}e",
        "set X expr=%{ENV:NOTE}",
        "set X expr=%{unbase64:YQ0KU2V0LUNvb2tpZTogeD0xABt/CWI=}",
        "set X 'expr=%{unescape:a%0d%0aSet-Cookie: x=1%01%1b%7f%09b}'",
        "set X %{PATH_INFO}s",
        "edit A 1 %{NOTE}e",
        "edit A 1 expr=%{ENV:NOTE}",
        "edit* A . %{NOTE}e",
    ],
)
def test_no_value_brings_control_characters(tmp_path: Path, line: str):
    generation = site(tmp_path, line)
    request = new_request(generation, "/a")
    request.env["NOTE"] = request.path_info = HOSTILE
    *_, (_name, value) = respond(generation, Response(200, [("A", "1")]), request)
    assert value == CLEAN


def test_what_is_replaced_is_no_template(tmp_path: Path):
    """Apache would put what the group has matched in place of $1 in the variable."""
    generation = site(tmp_path, "edit A (.) %{NOTE}e")
    request = new_request(generation, "/a")
    request.env["NOTE"] = "$1%{B}e"
    assert respond(generation, Response(200, [("A", "1")]), request) == [("A", "$1%{B}e")]


# --- what cannot be worked out ---


def test_a_response_goes_without_what_cannot_be_worked_out(tmp_path: Path):
    generation = site(
        tmp_path, "set X expr=%{file:/nowhere}", "set Y 1", "set Z 1 'expr=-n file(\"/nowhere\")'"
    )
    assert respond(generation, Response(200)) == [("Y", "1")]
    log = (tmp_path / "logs/error_log").read_text()
    assert "[headers:error]" in log
    assert "Header at a.conf:1 is left out: '/nowhere' cannot be read" in log
    assert "Header at a.conf:3 is left out" in log


def test_a_request_does_not_go_on_without(tmp_path: Path):
    generation = site(tmp_path, "RequestHeader set X expr=%{file:/nowhere}")
    with pytest.raises(RequestError) as caught:
        receive(generation, new_request(generation, "/a", X="forged"))
    assert caught.value.status == 500
    assert "RequestHeader at a.conf:1: '/nowhere' cannot be read" in (tmp_path / "logs/error_log").read_text()


def test_a_field_that_takes_too_long_to_edit_is_not_sent(tmp_path: Path):
    """The expression is one that only a backtracking engine can run."""
    generation = site(tmp_path, "edit Set-Cookie ^(?=(a|aa)+$) b", "set X 1")
    slow = [("Set-Cookie", "a" * 100 + "!"), ("B", "2")]
    phase = response_phase(generation)
    assert phase
    for response in (Response(200, slow), Response(200, slow)):
        phase(new_request(generation, "/a"), response)
        assert response.headers == [("B", "2"), ("X", "1")]
    log = (tmp_path / "logs/error_log").read_text()
    assert log.count("Header at a.conf:1: the regular expression") == 1


def test_nothing_to_do_is_no_phase(tmp_path: Path):
    generation = site(tmp_path)
    host = generation.configuration.server
    assert response_phase(generation) is None
    assert module.hooks.post_read(generation, host) is None
    assert module.hooks.fixup(generation, host, host.settings) is None
