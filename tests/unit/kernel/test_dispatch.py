"""From a request to the virtual host and through the phases."""

from __future__ import annotations

import pytest
from unit.kernel.http_requests import GET, ROOT, H, post
from unit.kernel.talk import LOCAL, Server, echo, parse_replies

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.matching import OutOfTime
from prefork_ssl.config.patterns import location_pattern
from prefork_ssl.config.tree import DirectorySection, Host, HostAddress, SectionKind
from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.request import Request, RequestError, Response


def get(target: str, host: str = "main.example", *more: str) -> bytes:
    return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {host}", *more, "", ""]).encode("latin-1")


def location(path: str, **settings) -> DirectorySection:
    given = {getattr(core, name): value for name, value in settings.items()}
    pattern = location_pattern(path)
    return DirectorySection(SectionKind.LOCATION, path, pattern, Settings(given), (), Origin("test", 1))


# --- hosts ---


def who(request: Request) -> Response:
    return Response(200, body=f"{request.host.settings[core.SERVER_NAME]} {request.host_name}".encode())


def virtual_host(name: str, *aliases: str) -> Host:
    given = {core.SERVER_NAME: name, core.SERVER_ALIAS: aliases, core.ERROR_LOG: "error_log"}
    return Host(Settings(given), (), (HostAddress("192.0.2.1", 80),))


@pytest.fixture(scope="module")
def hosts() -> Server:
    return Server(who, hosts=(virtual_host("one.example", "*.one.example"), virtual_host("two.example")))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (get("/", "one.example"), "one.example one.example"),
        (get("/", "TWO.Example.:8080"), "two.example two.example"),
        (get("/", "www.one.example"), "one.example www.one.example"),
        (get("/", "unknown.example"), "one.example unknown.example"),
        (get("/", ""), "one.example "),
        (get("http://two.example/", "one.example"), "two.example two.example"),
        (b"GET / HTTP/1.0\r\n\r\n", "one.example "),
    ],
)
def test_the_host_by_name(hosts, request_, expected):
    for _ in range(2):  # the second time it is remembered
        assert hosts.replies(request_)[0].body.decode() == expected


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_host_in_the_target_takes_the_place_of_the_field(version):
    server = Server(lambda request: Response(200, body=repr(request.headers).encode()))
    lines = "" if version == "1.0" else "Host: one.example\r\n"
    request = f"GET http://two.example:81/ HTTP/{version}\r\n{lines}X-A: b\r\n\r\n".encode()
    assert server.replies(request)[0].body == b"[('host', 'two.example:81'), ('x-a', 'b')]"


def test_the_host_by_address(hosts):
    client = hosts.connect(local=("192.0.2.1", 8080))
    client.send(get("/", "two.example"))
    assert parse_replies(client.read_to_end())[0].body == b"main.example two.example"


def test_what_clients_choose_is_not_remembered_for_ever():
    server = Server()
    for start in range(0, 5000, 100):
        server.replies(b"".join(get(f"/{number}", f"h{number}") for number in range(start, start + 100)))
    assert len(server.logged) == 5000
    assert len(server.dispatcher._targets) <= 4096
    assert len(server.dispatcher.at(LOCAL)._names) <= 4096


# --- phases ---


def test_phases_in_their_order():
    passed = []

    def phase(name):
        return lambda *_built_for: lambda *_request: passed.append(name)

    def handler(_request):
        passed.append("handler")
        return Response(200, body=b"")

    names = ("post_read", "translate", "access", "authorise", "fixup", "response")
    server = Server(handler, **{name: phase(name) for name in names})
    server.replies(GET)
    assert passed == [*names[:-1], "handler", "response"]


@pytest.mark.parametrize("name", ["post_read", "translate", "access", "authorise", "fixup"])
def test_a_phase_that_answers_is_the_last_before_the_response_phase(name):
    def answer(*_built_for):
        return lambda _request: Response(403, note="No <b>entry</b>.")

    def mark(*_built_for):
        return lambda _request, response: response.headers.append(("X-Seen", str(response.status)))

    first, second = Server(echo, **{name: answer}, response=mark).replies(GET * 2)
    assert (first.status, second.status, first.headers["x-seen"]) == (403, 403, "403")
    assert b"No &lt;b&gt;entry&lt;/b&gt;." in first.body
    assert b"GET /" not in first.body


def test_factories_are_called_once_for_each_set_of_settings():
    calls = []

    def access(_generation, _host, settings):
        calls.append(settings[core.SET_HANDLER])

    sections = (location("/a", SET_HANDLER="one"), location("/a/b", SET_HANDLER="two"))
    server = Server(
        lambda request: Response(200, body=str(request.handler).encode()), sections=sections, access=access
    )
    replies = server.replies(*(get(path) for path in ("/", "/a", "/a/x", "/a/b", "/x", "/a")))
    assert [reply.body for reply in replies] == [b"None", b"one", b"one", b"two", b"None", b"one"]
    assert calls == [None, "one", "two"]


def test_a_handler_that_an_earlier_phase_chose_stays():
    def choose(*_built_for):
        def translate(request):
            request.handler = "mine"

        return translate

    server = Server(
        lambda request: Response(200, body=str(request.handler).encode()),
        sections=(location("/", SET_HANDLER="theirs"),),
        translate=choose,
    )
    assert server.replies(GET)[0].body == b"mine"


def test_limit_request_body_by_location():
    server = Server(sections=(location("/small", LIMIT_REQUEST_BODY=3),))
    big = post(b"Content-Length: 4\r\n", b"four")
    assert [reply.status for reply in server.replies(big.replace(b"POST /", b"POST /small"))] == [413]
    assert [reply.status for reply in server.replies(big)] == [200]


# --- nobody answers, or somebody fails ---


@pytest.mark.parametrize(
    ("method", "status", "allow"),
    [
        ("GET", 404, None),
        ("POST", 404, None),
        ("OPTIONS", 200, "GET, HEAD, OPTIONS"),
        ("DELETE", 405, "GET, HEAD, OPTIONS"),
        ("TRACE", 405, "GET, HEAD, OPTIONS"),
    ],
)
def test_without_a_handler(method, status, allow):
    for handler in (None, lambda _request: None):
        first, second = Server(handler).replies(GET.replace(b"GET", method.encode()) * 2)
        assert (first.status, first.headers.get("allow"), second.status) == (status, allow, status)


def test_options_of_the_server_as_a_whole_reach_no_handler():
    (reply,) = Server(None).replies(b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n")
    assert (reply.status, reply.body, reply.headers["allow"]) == (200, b"", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "name", ["post_read", "translate", "access", "authorise", "fixup", "response", "handler"]
)
def test_a_mistake_is_answered_500_and_told_to_the_error_log_alone(name):
    def mistake(*_built_for):
        def phase(*_request):
            raise KeyError("secret")

        return phase

    server = Server(mistake(), None) if name == "handler" else Server(**{name: mistake})
    first, second = server.replies(GET * 2)
    assert first.status == second.status == 500
    assert b"secret" not in first.body
    assert "KeyError: 'secret'" in server.errors()
    assert "[client 192.0.2.7:40000] failed: GET / HTTP/1.1" in server.errors()
    assert [status for _, status, _ in server.logged] == [500, 500]


def test_a_mistake_in_the_log_phase_harms_nobody():
    server = Server()
    server.logged = None  # has no append
    assert len(server.replies(GET * 2)) == 2
    assert server.errors().count("AttributeError") == 2


def test_a_refusal_by_exception():
    def refuse(_request):
        raise RequestError(418, "Short & stout.")

    (reply,) = Server(refuse).replies(GET)
    assert (reply.status, b"Short &amp; stout." in reply.body) == (418, True)


def test_a_response_may_end_the_connection():
    def last(_request):
        response = Response(200, body=b"")
        response.close = True
        return response

    assert [reply.headers["connection"] for reply in Server(last).replies(GET * 2)] == ["close"]


def test_requests_count_on_their_connection():
    server = Server(lambda request: Response(200, body=str(request.number).encode()))
    assert [reply.body for reply in server.replies(GET * 3)] == [b"0", b"1", b"2"]


def test_refused_requests_are_logged_as_they_came():
    server = Server(settings={core.LOG_LEVEL: {"": core.Level.INFO}})
    server.replies(b"GET /a b HTTP/1.1\r\n" + H + b"\r\n")
    server.replies(b"\x16\x03\x01")
    server.replies(get("/%2f"))
    assert [(line, status) for line, status, _ in server.logged] == [
        ("GET /a b HTTP/1.1", 400),
        ("\x16\x03\x01", 400),
        ("GET /%2f HTTP/1.1", 404),
    ]
    assert "\\x16\\x03\\x01" in server.errors()
    assert [reply.body.decode() for reply in server.replies(GET)] == [ROOT]


@pytest.mark.parametrize("phase", ["access", "handler", "response"])
def test_an_expression_that_a_client_keeps_busy_is_no_mistake_of_ours(phase):
    """It is told of once, and the request is refused."""

    def search(request: Request, _response: Response | None = None) -> None:
        if request.path == "/slow":
            raise OutOfTime("(a|aa)+$", 0.02)

    server = Server(echo, **({phase: lambda *_built_for: search} if phase != "handler" else {}))
    if phase == "handler":
        server = Server(lambda request: search(request) or echo(request))
    replies = server.replies(get("/slow") * 2 + get("/"))
    assert [reply.status for reply in replies] == [400, 400, 200]
    assert server.errors().count("'(a|aa)+$' has not been through") == 1
    assert "Traceback" not in server.errors()
