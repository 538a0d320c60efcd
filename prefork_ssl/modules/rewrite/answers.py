"""What comes of rules that end the matter: a status, a redirection, another server."""

from __future__ import annotations

import re
from urllib.parse import quote

from prefork_ssl.kernel.http.redirects import quote_path, redirect
from prefork_ssl.kernel.http.targets import without_dots
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.rewrite.rule_line import ABSOLUTE
from prefork_ssl.modules.rewrite.state import COOKIES, TYPE, State

PROXY_HANDLER = "proxy-server"

_SERVER = re.compile(r"(?P<server>(?:unix:[^|]*\|)?[a-z][a-z0-9+.-]*://[^/?#]*)(?P<path>.*)", re.I | re.S)
_ANY_URI = "/:?#[]@!$&'()*+,;=-._~%"
_AUTHORITY = ":/[]@!$&'()*+,;=-._~%"
# For paths that are encoded already.
_ENCODED_PATH = "/:@!$&'()*+,;=-._~%"


def answer_of(state: State) -> Response | None:
    """The refusal or redirection that rules ask for, if they do."""
    if state.status:
        return Response(state.status)
    status = state.redirect
    return redirect(status, _location(state)) if status else None


def hand_to_proxy(state: State) -> None:
    """As the proxy takes requests: the server in the file name, the encoded path in path_info."""
    request = state.request
    found = _SERVER.fullmatch(state.path)
    server, path = (found["server"], found["path"]) if found else (state.path, "")
    path = quote(path, safe=_ENCODED_PATH, errors="surrogateescape") if state.literal else quote_path(path)
    request.handler = PROXY_HANDLER
    request.filename = f"proxy:{server}/"
    request.path_info = path if path.startswith("/") else f"/{path}"
    request.query = state.query


def local_path(path: str) -> str:
    """A path that rules have made, without "." and "..". Raises RequestError if it climbs above the root."""
    return without_dots(path)


def decorate(request: Request, response: Response) -> None:
    """What T and CO ask for."""
    for cookie in request.notes.get(COOKIES, ()):
        response.headers.append(("Set-Cookie", cookie))
    media_type = request.notes.get(TYPE)
    if media_type and response.status < 300:
        response.headers = [field for field in response.headers if field[0].lower() != "content-type"]
        response.headers.append(("Content-Type", media_type))


def _location(state: State) -> str:
    """The URL, encoded: all that is not ASCII or is a control character, and unless NE forbids it, all that a path
    cannot have."""
    path = state.path.removeprefix(state.own_url)
    if not ABSOLUTE.match(path):
        path = state.place.url_path(path)
    if state.literal:
        url = quote(path, safe=_ANY_URI, errors="surrogateescape")
    else:
        found = _SERVER.fullmatch(path)
        server, path = (found["server"], found["path"]) if found else ("", path)
        url = quote(server, safe=_AUTHORITY, errors="surrogateescape") + quote_path(path)
    return url if state.query is None else f"{url}?{state.query}"
