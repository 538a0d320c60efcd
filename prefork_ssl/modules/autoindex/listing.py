"""The handler of folders without an index file: reads the folder, and answers with a page about it."""

from __future__ import annotations

import errno
import hashlib
import os
import time

from gevent.lock import Semaphore

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import DIRECTORY_HANDLER, DOCUMENT_ROOT, OPTIONS
from prefork_ssl.kernel.files.paths import below, open_below
from prefork_ssl.kernel.http.conditions import refusal
from prefork_ssl.kernel.http.validators import Validators, http_date
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.autoindex.admission import Admission, everything
from prefork_ssl.modules.autoindex.contents import Contents, Selection
from prefork_ssl.modules.autoindex.directives import (
    ADD_DESCRIPTION,
    HEADER_NAME,
    INDEX_HEAD_INSERT,
    INDEX_IGNORE,
    INDEX_OPTIONS,
    INDEX_ORDER_DEFAULT,
    INDEX_STYLE_SHEET,
    README_NAME,
)
from prefork_ssl.modules.autoindex.inserts import insert
from prefork_ssl.modules.autoindex.ordering import Column, name_key
from prefork_ssl.modules.autoindex.page import Look, render
from prefork_ssl.modules.autoindex.view import View, parse_view

_HTML = ("Content-Type", "text/html; charset=utf-8")
_NO_SNIFFING = ("X-Content-Type-Options", "nosniff")
_SUPPRESSED = {
    Column.MODIFIED: "SuppressLastModified",
    Column.SIZE: "SuppressSize",
    Column.DESCRIPTION: "SuppressDescription",
}


class Listing:
    """Answers requests for folders where these settings hold. `turns` bounds how many folders are read at a time."""

    def __init__(self, settings: Settings, turns: Semaphore, log: ErrorLog) -> None:
        self._turns = turns
        self._log = log
        self._root = str(settings[DOCUMENT_ROOT] or "/")
        self._symlinks = settings[OPTIONS].symlinks
        self._usual = settings[INDEX_ORDER_DEFAULT]
        self._heeds_query = not settings[INDEX_OPTIONS].has("IgnoreClient")
        self._shows_forbidden = settings[INDEX_OPTIONS].has("ShowForbidden")
        self._selection = _selection(settings)
        self._inserts = (settings[HEADER_NAME], settings[README_NAME])
        self._look = _look(settings)
        self._policy = ("Content-Security-Policy", self._look.policy())
        self._since = int(time.time())  # until now, another configuration may have been in force

    def __call__(self, request: Request) -> Response | None:
        if request.handler != DIRECTORY_HANDLER or request.filename is None:
            return None
        if request.method not in ("GET", "HEAD"):
            return Response(405, [("Allow", "GET, HEAD, OPTIONS")])
        if not request.path.endswith("/"):
            return Response(403)
        try:
            return self._answer(request, request.filename)
        except OSError as error:
            message = f"cannot list {request.filename}: {error.strerror}"
            self._log.write(Level.ERROR, message, module="autoindex", client=request.transport.wire.peer)
            return Response(404 if error.errno in (errno.ENOENT, errno.ENOTDIR) else 403)

    def _answer(self, request: Request, filename: str) -> Response:
        view = parse_view(request.query if self._heeds_query else None, self._usual)
        with self._turns:
            contents = self._read(request, filename, view)
        above, under = (insert(request, name) for name in self._inserts)
        page = render(self._look, request.host_name, request.path, view, contents, above, under)
        return self._response(request, page, max(self._since, contents.changed))

    def _read(self, request: Request, filename: str, view: View) -> Contents:
        root = request.env.get("CONTEXT_DOCUMENT_ROOT", self._root)
        name = filename.rstrip("/") + "/"
        there = open_below(*below(root, name), self._symlinks)
        try:
            folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=there)
        finally:
            os.close(there)
        try:
            admits = everything if self._shows_forbidden else Admission(request, name)
            return self._selection.contents(folder, filename, view, admits)
        finally:
            os.close(folder)

    def _response(self, request: Request, page: bytes, changed: int) -> Response:
        etag = f'"{hashlib.blake2b(page, digest_size=12).hexdigest()}"'
        validators = Validators(etag, min(changed, int(time.time())), strong=True)
        fields = [("ETag", etag), ("Last-Modified", http_date(validators.modified))]
        refused = refusal(request, validators)
        if refused is not None:
            response = Response(refused, fields, b"" if refused == 304 else None)
            response.media_type = _HTML[1]
            return response
        headers = [*fields, _HTML, self._policy, _NO_SNIFFING]
        if request.method == "HEAD":
            return Response(200, headers, None, length=len(page))
        return Response(200, headers, page)


def _selection(settings: Settings) -> Selection:
    options = settings[INDEX_OPTIONS]
    return Selection(
        settings[OPTIONS].symlinks,
        settings[INDEX_IGNORE].matcher(),
        name_key(ignore_case=options.has("IgnoreCase"), versions=options.has("VersionSort")),
        options.has("FoldersFirst"),
        settings[ADD_DESCRIPTION],
    )


def _look(settings: Settings) -> Look:
    options = settings[INDEX_OPTIONS]
    absent = {column for column, option in _SUPPRESSED.items() if options.has(option)}
    if not settings[ADD_DESCRIPTION]:
        absent.add(Column.DESCRIPTION)
    return Look(
        columns=tuple(column for column in Column if column not in absent),
        sortable=not (options.has("IgnoreClient") or options.has("SuppressColumnSorting")),
        icons=not options.has("SuppressIcon"),
        style_sheet=settings[INDEX_STYLE_SHEET],
        head=settings[INDEX_HEAD_INSERT],
    )
