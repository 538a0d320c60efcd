"""ErrorDocument in its three forms, for statuses from all phases of a request, in the clear and over TLS."""

import base64
import json

import pytest
from blackbox import clients
from blackbox.mounting import ROOT
from blackbox.server import Server

STATUSES = (401, 403, 404, 500, 503)

# One folder for each form; below it, one place for each status.
_PLACES = """\
<Location /{form}/401>
    AuthType Basic
    AuthName "these tests"
    AuthUserFile @root/conf/users
    Require valid-user
</Location>
<Location /{form}/403>
    Require all denied
</Location>
Redirect 500 /{form}/500
Redirect 503 /{form}/503
<Location /{form}>
{documents}</Location>
"""
_HOSTS = f"""\
{ROOT}LoadModule authz_module
LoadModule auth_basic_module
LoadModule wsgi_module
WSGIScriptAlias /app @root/environ.wsgi
<VirtualHost *:@https>
    ServerName localhost
    SSLEngine on
    SSLCertificateFile @rsa_cert
    SSLCertificateKeyFile @rsa_key
</VirtualHost>
"""
_FORMS = {
    "text": '"<p>text of {status}</p>"',
    "local": "/sorry.html",
    "remote": "https://elsewhere.example/{status}?a=b",
    "environ": "/app/for/{status}?x=y",
    "failing": "/no/such/page",
    "circle": "/circle/also-missing",
    "same": "/app/status/{status}",
}
ENVIRON = b"""\
import json
def application(environ, start_response):
    status = environ["PATH_INFO"].rpartition("/status/")[2]
    start_response(f"{status} x" if status.isdigit() else "200 OK", [("Content-Type", "application/json")])
    return [json.dumps({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]
"""


def _documents(form: str, document: str) -> str:
    statuses = [status for status in STATUSES if (form, status) != ("remote", 401)]
    return "".join(f"    ErrorDocument {status} {document.format(status=status)}\n" for status in statuses)


@pytest.fixture(scope="module")
def server(new_module_server) -> Server:
    places = [_PLACES.format(form=form, documents=_documents(form, doc)) for form, doc in _FORMS.items()]
    back = "<Location /text/plain>\nErrorDocument 404 default\n</Location>\n"
    server = new_module_server(_HOSTS + "".join(places) + back)
    (server.root / "conf/users").write_text("")
    (server.root / "environ.wsgi").write_bytes(ENVIRON)
    server.write("sorry.html", b"<p>sorry</p>\n")
    return server.start()


@pytest.fixture(params=["http", "https"])
def get(request: pytest.FixtureRequest, server: Server, authority):
    """get(target): the reply in the clear, and over TLS."""
    if request.param == "http":
        return lambda target: clients.get(server.http, target)
    context = clients.tls_context(authority.cert)
    return lambda target: clients.tls_get(server.https, context, target)


def _challenged(reply: clients.Reply, status: int) -> bool:
    return ("www-authenticate" in reply.headers) == (status == 401)


@pytest.mark.parametrize("status", STATUSES)
def test_a_text(get, status: int) -> None:
    reply = get(f"/text/{status}")
    assert (reply.status, reply.body) == (status, f"<p>text of {status}</p>".encode())
    assert reply.headers["content-type"].startswith("text/html")
    assert _challenged(reply, status)


@pytest.mark.parametrize("status", STATUSES)
def test_a_page_of_this_server(get, status: int) -> None:
    reply = get(f"/local/{status}")
    assert (reply.status, reply.body) == (status, b"<p>sorry</p>\n")
    assert reply.headers["content-type"].startswith("text/html")
    assert "last-modified" not in reply.headers
    assert "etag" not in reply.headers
    assert _challenged(reply, status)


@pytest.mark.parametrize("status", STATUSES[1:])
def test_another_server(get, status: int) -> None:
    reply = get(f"/remote/{status}")
    assert reply.status == 302
    assert reply.headers["location"] == f"https://elsewhere.example/{status}?a=b"


@pytest.mark.parametrize("status", STATUSES)
def test_an_application_learns_what_has_happened(get, status: int) -> None:
    reply = get(f"/environ/{status}?q=1")
    environ = json.loads(reply.body)
    assert reply.status == status
    assert environ["REDIRECT_STATUS"] == str(status)
    assert environ["REDIRECT_URL"] == f"/environ/{status}"
    assert environ["REDIRECT_QUERY_STRING"] == "q=1"
    assert environ["REDIRECT_REQUEST_METHOD"] == environ["REQUEST_METHOD"] == "GET"
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == (f"/for/{status}", "x=y")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("form", ["failing", "circle"])
def test_a_document_that_fails_too_does_not_go_round_in_circles(get, form: str, status: int) -> None:
    reply = get(f"/{form}/{status}")
    assert reply.status == status
    assert b"error document failed too: 404" in reply.body
    assert _challenged(reply, status)


@pytest.mark.parametrize("status", STATUSES)
def test_an_application_may_give_its_page_the_status_itself(get, status: int) -> None:
    reply = get(f"/same/{status}")
    assert reply.status == status
    assert json.loads(reply.body)["PATH_INFO"] == f"/status/{status}"


def test_default_is_the_plain_page_again(get) -> None:
    assert get("/text/404").body == b"<p>text of 404</p>"
    assert b"There is no such page" in get("/text/plain").body


def test_the_page_of_what_needs_a_password_is_seen_without_it(server: Server) -> None:
    wrong = base64.b64encode(b"user:wrong").decode()
    reply = clients.get(server.http, "/local/401", f"Authorization: Basic {wrong}")
    assert (reply.status, reply.body) == (401, b"<p>sorry</p>\n")


def test_posting_to_what_fails_shows_the_page(server: Server) -> None:
    reply = clients.get(server.http, "/environ/503", "Content-Length: 3", method="POST")
    environ = json.loads(reply.body)
    assert (environ["REQUEST_METHOD"], environ["REDIRECT_REQUEST_METHOD"]) == ("GET", "POST")
    assert "CONTENT_LENGTH" not in environ or not environ["CONTENT_LENGTH"].strip("0")


def test_nobody_is_sent_to_another_server_for_a_password(new_server) -> None:
    server = new_server("<Location /x>\nErrorDocument 401 https://elsewhere.example/\n</Location>\n")
    checked = server.run("-t")
    assert checked.returncode == 1
    assert server.place("ErrorDocument 401") in checked.stderr
    assert "cannot be on another server" in checked.stderr
