"""What clients read when something fails."""

from __future__ import annotations

import pytest
from unit.kernel.http_requests import GET, H
from unit.kernel.talk import Server

from prefork_ssl.kernel import directives as core
from prefork_ssl.kernel.http.error_pages import plain_page
from prefork_ssl.kernel.request import Request, Response


def failing(request: Request) -> Response:
    """404 with fields of its own for /x, a document that tells what it knows for /error, and some that fail."""
    if request.path == "/error":
        told = sorted((name, value) for name, value in request.env.items())
        fields = [request.method, request.path, str(request.query), str(request.header("range")), repr(told)]
        return Response(200, [("Content-Type", "text/plain"), ("X-Page", "p")], "\n".join(fields).encode())
    if request.path == "/broken":
        raise ValueError
    if request.path == "/moved":
        return Response(301, [("Location", "/")], b"")
    if request.path == "/absent":
        return Response(404)
    request.env["NOTE"] = "n"
    return Response(404, [("X-Own", "o"), ("Content-Type", "text/never")], note="It <is> gone.")


def page(document: str, request: bytes = GET, **more):
    server = Server(failing, {core.ERROR_DOCUMENT: {404: document}, **more})
    first, second = server.replies(request * 2)
    assert (first.status, first.body) == (second.status, second.body)
    return first


def test_the_plain_page_escapes_everything():
    response = plain_page(500, "<script>", "<admin@main.example>")
    assert b"<script" not in response.body
    assert b"&lt;admin@main.example&gt;" in response.body


@pytest.mark.parametrize("status", [*range(400, 432), *range(500, 512), 599])
def test_every_status_has_a_page(status):
    body = plain_page(status).body.decode()
    assert f"<title>{status} " in body
    assert "<p>" in body


def test_the_server_admin_is_named_for_mistakes_of_the_server():
    settings = {core.SERVER_ADMIN: "me@main.example"}
    assert b"me@main.example" in Server(lambda _request: Response(500), settings).replies(GET)[0].body
    assert b"me@main.example" not in Server(lambda _request: Response(404), settings).replies(GET)[0].body


def test_without_an_error_document():
    reply = Server(failing).replies(GET)[0]
    assert (reply.status, reply.headers["x-own"]) == (404, "o")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert b"It &lt;is&gt; gone." in reply.body


def test_a_response_with_a_body_keeps_it():
    server = Server(lambda _request: Response(404, body=b"mine"), {core.ERROR_DOCUMENT: {404: "theirs"}})
    assert server.replies(GET)[0].body == b"mine"


def test_text():
    reply = page("Gone <b>away</b> \u00fc")
    assert (reply.status, reply.body.decode()) == (404, "Gone <b>away</b> \u00fc")
    assert (reply.headers["x-own"], reply.headers["content-type"]) == ("o", "text/html; charset=utf-8")


def test_another_server():
    reply = page("https://other.example/404")
    assert (reply.status, reply.headers["location"]) == (302, "https://other.example/404")


def test_a_path_of_this_host():
    request = b"POST /a/../x?q HTTP/1.1\r\nContent-Length: 2\r\nRange: bytes=0-1\r\n" + H + b"\r\nhi"
    reply = page("/error?e", request)
    assert (reply.status, reply.headers["x-own"], reply.headers["content-type"]) == (404, "o", "text/plain")
    assert reply.body.decode().splitlines()[:4] == ["GET", "/error", "e", "None"]
    for name, value in {
        "REDIRECT_STATUS": "404",
        "REDIRECT_URL": "/x",
        "REDIRECT_QUERY_STRING": "q",
        "REDIRECT_REQUEST_METHOD": "POST",
        "REDIRECT_NOTE": "n",
    }.items():
        assert repr((name, value)) in reply.body.decode()


@pytest.mark.parametrize(
    ("document", "status"), [("/absent", 404), ("/broken", 500), ("/moved", 301), ("/%2f", 404), ("/..", 400)]
)
def test_a_document_that_fails_gives_way_to_the_plain_page(document, status):
    reply = page(document)
    assert reply.status == 404
    assert f"Its error document failed too: {status} ".encode() in reply.body
    assert b"It &lt;is&gt; gone." in reply.body


def test_head():
    server = Server(failing, {core.ERROR_DOCUMENT: {404: "/error"}})
    client = server.connect()
    client.send(b"HEAD /x HTTP/1.1\r\n" + H + b"\r\n")
    head = client.read()
    assert head.startswith(b"HTTP/1.1 404 ")
    assert head.endswith(b"\r\n\r\n")


def test_what_is_no_request_gets_a_page_too():
    server = Server(failing, {core.ERROR_DOCUMENT: {400: "Pardon?", 414: "/error"}})
    assert server.replies(b"GET / HTTP/1.1\r\n\r\n")[0].body == b"Pardon?"
    assert server.replies(b"GET /" + b"a" * 9000)[0].body.startswith(b"GET\n/error")
