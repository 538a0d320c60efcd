"""Who may enter, by access and by user; and requests that are handed on within the server."""

from __future__ import annotations

import pytest
from unit.kernel.http_requests import GET
from unit.kernel.talk import Server
from unit.kernel.test_dispatch import get, location

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import Origin
from prefork_ssl.config.patterns import file_pattern
from prefork_ssl.config.tree import DirectorySection, SectionKind
from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.directives import Satisfy
from prefork_ssl.kernel.hooks import Authentication
from prefork_ssl.kernel.request import Elsewhere, RequestError, Response


def answering(answer):
    """A factory of a phase that always gives this answer."""
    return lambda *_built_for: lambda _request: answer() if answer else None


def forbid():
    return Response(403, [("X-By", "access")])


def ask_for_password():
    return Response(401, [("X-By", "authorise")])


def never():
    raise RequestError(403, "Whatever else is right.")


@pytest.mark.parametrize(
    ("satisfy", "access", "authorise", "status", "by"),
    [
        (Satisfy.ALL, None, None, 200, None),
        (Satisfy.ALL, forbid, None, 403, "access"),
        (Satisfy.ALL, None, ask_for_password, 401, "authorise"),
        (Satisfy.ALL, forbid, ask_for_password, 403, "access"),
        (Satisfy.ANY, None, None, 200, None),
        (Satisfy.ANY, forbid, None, 200, None),
        (Satisfy.ANY, None, ask_for_password, 200, None),
        (Satisfy.ANY, forbid, ask_for_password, 401, "authorise"),
        (Satisfy.ANY, never, None, 403, None),
    ],
)
def test_all_must_be_right_or_any(satisfy, access, authorise, status, by):
    sections = (location("/", SATISFY=satisfy),)
    server = Server(sections=sections, access=answering(access), authorise=answering(authorise))
    (reply,) = server.replies(GET)
    assert (reply.status, reply.headers.get("x-by")) == (status, by)


@pytest.mark.parametrize("hooks", [{"access": forbid}, {"authorise": ask_for_password}])
def test_one_alone_decides_however_much_is_to_be_satisfied(hooks):
    for satisfy in Satisfy:
        made = {name: answering(answer) for name, answer in hooks.items()}
        (reply,) = Server(sections=(location("/", SATISFY=satisfy),), **made).replies(GET)
        assert reply.status in (401, 403)


def test_whoever_authorises_is_given_the_ways_to_authenticate():
    def identify(request):
        request.user = "joe"

    def authorise(_generation, _host, _settings, ways):
        def phase(request):
            (way,) = ways
            assert way.identify(request) is None
            return None if request.user == "joe" else Response(403)

        return phase

    server = Server(
        lambda request: Response(200, body=request.user.encode()),
        authenticate=lambda *_built_for: Authentication(identify),
        authorise=authorise,
    )
    assert server.replies(GET)[0].body == b"joe"


# --- requests that are handed on ---


def test_a_request_that_is_handed_on_begins_anew():
    def translate(*_built_for):
        def phase(request):
            request.filename = f"/files{request.path}"

        return phase

    def access(*_built_for):
        def phase(request):
            assert request.user is None
            request.user = request.path

        return phase

    def handler(request):
        if request.path == "/a":
            return Elsewhere("/b/c")
        said = (request.path, request.filename, request.handler, request.user, request.query, request.line)
        return Response(200, body=repr(said).encode())

    server = Server(
        handler,
        sections=(location("/a", SET_HANDLER="first"), location("/b", SET_HANDLER="second")),
        translate=translate,
        access=access,
    )
    (reply,) = server.replies(get("/a?x"))
    assert reply.body.decode() == repr(("/b/c", "/files/b/c", "second", "/b/c", "x", "GET /a?x HTTP/1.1"))


def test_what_holds_there_holds_then():
    sections = (location("/b", ERROR_DOCUMENT={404: "not there"}, LIMIT_REQUEST_BODY=3),)
    server = Server(
        lambda request: Elsewhere("/b") if request.path == "/a" else Response(404),
        sections=sections,
        response=lambda _generation, _host, settings: (
            lambda _request, response: response.headers.append(
                ("X-Limit", str(settings[core.LIMIT_REQUEST_BODY]))
            )
        ),
    )
    (reply,) = server.replies(get("/a"))
    assert (reply.status, reply.body, reply.headers["x-limit"]) == (404, b"not there", "3")


def test_whom_the_other_path_keeps_out_the_first_does_not_let_in():
    def access(_generation, _host, settings):
        return (lambda _request: Response(403)) if settings[core.SET_HANDLER] == "closed" else None

    server = Server(
        lambda _request: Elsewhere("/b"), sections=(location("/b", SET_HANDLER="closed"),), access=access
    )
    assert server.replies(get("/a"))[0].status == 403


def test_going_round_in_circles_is_a_mistake():
    server = Server(lambda request: Elsewhere("/b" if request.path == "/a" else "/a"))
    assert server.replies(get("/a"))[0].status == 500
    assert "more than 10 internal redirects, the last one to /b" in server.errors()


# --- what could be asked for ---


def test_whether_another_path_would_be_let_in():
    def access(_generation, _host, settings):
        closed = settings[core.SET_HANDLER] == "closed"
        return lambda _request: Response(403) if closed else None

    def translate(*_built_for):
        return lambda request: Response(301) if request.path == "/moved" else None

    def handler(request):
        paths = ("/open", "/closed/x", "/%63losed/x", "/closed?x", "/moved", "closed", "/../x", "/open#x")
        admitted = [path for path in paths if request.site.admits_target(request, path)]
        return Response(200, body=repr((admitted, request.path, request.settings[core.SET_HANDLER])).encode())

    sections = (location("/closed", SET_HANDLER="closed"),)
    (reply,) = Server(handler, sections=sections, access=access, translate=translate).replies(get("/asking"))
    assert reply.body.decode() == repr((["/open"], "/asking", None))


def test_whether_a_file_would_be_let_in():
    seen = []

    def access(_generation, _host, settings):
        def phase(request):
            seen.append((request.path, request.filename))
            return Response(403) if settings[core.SET_HANDLER] == "closed" else None

        return phase

    def handler(request):
        names = ("/srv/open", "/srv/closed")
        return Response(200, body=repr([request.site.admits_file(request, name) for name in names]).encode())

    pattern = file_pattern("closed")
    closed = DirectorySection(
        SectionKind.FILES, "closed", pattern, Settings({core.SET_HANDLER: "closed"}), (), Origin("test", 1)
    )
    (reply,) = Server(handler, sections=(closed,), access=access).replies(get("/asking"))
    assert reply.body == b"[True, False]"
    assert seen == [("/asking", None), ("", "/srv/open"), ("", "/srv/closed")]


def test_asking_in_circles_is_a_mistake():
    def access(*_built_for):
        return lambda request: None if request.site.admits_target(request, request.path) else Response(403)

    server = Server(access=access)
    assert server.replies(get("/a"))[0].status == 500
    assert "access control asks more than 10 times in turn, now for /a" in server.errors()
