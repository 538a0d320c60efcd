"""What a client reads when a request fails: the page of an error status, or what ErrorDocument puts in its place."""

from __future__ import annotations

import html
from collections.abc import Callable

from prefork_ssl.kernel.directives import ERROR_DOCUMENT, SERVER_ADMIN
from prefork_ssl.kernel.http.response_head import reason
from prefork_ssl.kernel.request import Request, Response

_TYPE = ("Content-Type", "text/html; charset=utf-8")

_SENTENCES = {
    400: "Your browser sent a request that this server cannot understand.",
    401: "This page is only for those who say who they are. You gave no credentials, or wrong ones.",
    403: "You do not have permission to see this page.",
    404: "There is no such page on this server.",
    405: "This method cannot be used for this page.",
    406: "There is no version of this page that your browser accepts.",
    408: "Your browser took too long to send its request.",
    410: "This page is gone, and left no new address.",
    411: "This request needs a Content-Length field.",
    412: "A condition of the request does not hold.",
    413: "The request is larger than this server allows.",
    414: "The address is longer than this server allows.",
    415: "The request is in a format that is not supported here.",
    416: "The range asked for does not lie within this page.",
    417: "The request expects what this server cannot do.",
    421: "The request came over a connection that was made for another site.",
    426: "This page needs another protocol.",
    429: "You have sent too many requests in a short time.",
    431: "The header of the request is larger than this server allows.",
    500: "The server made a mistake, or is not set up as it should be.",
    501: "This server does not know how to do that.",
    502: "A server behind this one gave an answer that makes no sense.",
    503: "The server cannot answer now. Please try again later.",
    504: "A server behind this one did not answer in time.",
    505: "This version of HTTP is not spoken here.",
}

# Of a request that failed, what has no meaning for the page that is shown instead.
_NOT_PASSED_ON = frozenset(
    [
        "content-length",
        "content-type",
        "expect",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "transfer-encoding",
    ]
)

# Fields of the page that is shown instead which say what it is; the others come from the failed response.
_OF_THE_PAGE = frozenset(("content-type", "content-language", "content-encoding"))


def plain_page(status: int, note: str = "", admin: str = "", link: str = "") -> Response:
    """The page of `status`. `note` explains, `admin` is whom to tell of the server's mistakes, `link` is a URI to go on
    to; all are plain text."""
    title = html.escape(reason(status) or "Error")
    sentences = [_SENTENCES.get(status, "The request failed."), note]
    if admin and status >= 500:
        sentences.append(f"Please tell {admin} what you did and when.")
    paragraphs = "".join(f"<p>{html.escape(sentence)}</p>\n" for sentence in sentences if sentence)
    if link:
        paragraphs += f'<p><a href="{html.escape(link)}">{html.escape(link)}</a></p>\n'
    page = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{status} {title}</title></head>\n'
        f"<body>\n<h1>{title}</h1>\n{paragraphs}</body>\n</html>\n"
    )
    return Response(status, [_TYPE], page.encode("utf-8", "backslashreplace"))


def with_plain_page(request: Request, response: Response, note: str = "") -> Response:
    """The response with the page of its status as its body."""
    notes = " ".join(filter(None, (response.note, note)))
    page = plain_page(response.status, notes, request.settings[SERVER_ADMIN], response.link)
    return _with_page(response, page)


def with_page(request: Request, response: Response, serve: Callable[[Request], Response]) -> Response:
    """The response with a body: its ErrorDocument if there is one, else the page of its status.

    `serve` answers a request of the same host, for documents that are local.
    """
    document = request.settings[ERROR_DOCUMENT].get(response.status)
    if document is None or request.previous is not None:
        return with_plain_page(request, response)
    if document.startswith("/"):
        return _with_local(request, response, document, serve)
    if "://" in document.partition(" ")[0]:
        return _internal(Response(302, [("Location", document), *_kept(response)], b""))
    return _with_page(
        response, Response(response.status, [_TYPE], document.encode("utf-8", "surrogateescape"))
    )


def _with_local(
    request: Request, response: Response, document: str, serve: Callable[[Request], Response]
) -> Response:
    page = serve(_inner_request(request, document, response.status))
    if page.status == 200 or _tells_the_same(page, response):
        return _with_page(response, page)
    page.discard()
    failed = f"Its error document failed too: {page.status} {reason(page.status)}."
    return with_plain_page(request, response, failed)


def _tells_the_same(page: Response, response: Response) -> bool:
    """Whether the page comes from an application that gives it the status which it is about."""
    return page.status == response.status and page.body is not None


def _inner_request(request: Request, target: str, status: int) -> Request:
    """The request for an error document, which knows where it comes from by REDIRECT_ variables, as in Apache."""
    method = "HEAD" if request.method == "HEAD" else "GET"
    headers = [field for field in request.headers if field[0] not in _NOT_PASSED_ON]
    inner = request.inner(method, target, headers)
    inner.env = {f"REDIRECT_{name}": value for name, value in request.env.items()}
    inner.env |= {
        "REDIRECT_STATUS": str(status),
        "REDIRECT_URL": request.path,
        "REDIRECT_QUERY_STRING": request.query or "",
        "REDIRECT_REQUEST_METHOD": request.method,
    }
    return inner


def _with_page(response: Response, page: Response) -> Response:
    headers = [field for field in page.headers if field[0].lower() in _OF_THE_PAGE]
    shown = Response(response.status, [*_kept(response), *headers], page.body, length=page.length)
    shown.close = response.close
    return _internal(shown)


def _internal(response: Response) -> Response:
    response.internal = True
    return response


def _kept(response: Response) -> list[tuple[str, str]]:
    return [field for field in response.headers if field[0].lower() not in _OF_THE_PAGE]
