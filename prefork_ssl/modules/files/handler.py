"""The handler that serves files: `default-handler`, as Apache names it.

What it needs of the configuration is worked out once, for each virtual host and set of merged sections.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import DIRECTORY_HANDLER, DOCUMENT_ROOT, OPTIONS
from prefork_ssl.kernel.files.paths import below
from prefork_ssl.kernel.http.redirects import quote_path, redirect
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Elsewhere, Request, Response
from prefork_ssl.modules.files.directives import (
    DIRECTORY_INDEX,
    DIRECTORY_INDEX_REDIRECT,
    DIRECTORY_SLASH,
    FALLBACK_RESOURCE,
    Slash,
)
from prefork_ssl.modules.files.naming import Naming
from prefork_ssl.modules.files.open_files import Files, OpenFile
from prefork_ssl.modules.files.representation import Offer, Representation, respond

HANDLER = "default-handler"
_ALLOW = ("Allow", "GET, HEAD, OPTIONS")

_NOT_FOUND = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO}
_OVERLOADED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class FileHandler:
    """Answers a request with the file that its `filename` names, or hands it on to the index file of that directory."""

    def __init__(self, settings: Settings, files: Files, log: ErrorLog, *, listings: bool) -> None:
        """`listings` tells whether another handler lists folders where Options allow it."""
        self._files = files
        self._log = log
        self._root = str(settings[DOCUMENT_ROOT] or "/")
        self._symlinks = settings[OPTIONS].symlinks
        self._index = settings[DIRECTORY_INDEX]
        self._listed = listings and settings[OPTIONS].indexes
        self._index_redirect = settings[DIRECTORY_INDEX_REDIRECT]
        self._slash = settings[DIRECTORY_SLASH]
        self._fallback = settings[FALLBACK_RESOURCE]
        self._naming = Naming(settings)
        self._turn = 0.0
        self._offers: dict[tuple[str, str], Offer] = {}

    def __call__(self, request: Request) -> Response | Elsewhere | None:
        if request.filename is None or request.handler not in (None, HANDLER):
            return None
        root = request.env.get("CONTEXT_DOCUMENT_ROOT", self._root)
        try:
            if request.method in ("GET", "HEAD"):
                return self._answer(request, root, request.filename)
            return self._refuse(request, root, request.filename)
        except ValueError:  # the name cannot be expressed in the file system's encoding
            return Response(404)
        except OSError as error:
            return self._failure(request, error)

    def _refuse(self, request: Request, root: str, filename: str) -> Response:
        """The answer to methods that files do not know. What does not exist may be left to the fallback."""
        if self._fallback:
            self._open(*below(root, filename)).close()
        return Response(200, [_ALLOW], b"") if request.method == "OPTIONS" else Response(405, [_ALLOW])

    def _answer(self, request: Request, root: str, filename: str) -> Response | Elsewhere | None:
        """The directory or file `filename`; `root` is the folder that is trusted."""
        is_folder = request.path.endswith("/")
        if is_folder and filename.endswith("/"):
            return self._directory(request, root, filename)
        offer = self._remembered().get((root, filename)) or self._look(root, filename)
        if offer is not None:
            return respond(request, self._choose(request, offer))
        return self._directory(request, root, filename) if is_folder else self._without_slash(request)

    def _choose(self, request: Request, offer: Offer) -> Representation:
        """What this client likes best. The compressed copy is a file like others: where sections say something else of
        it, such as that nobody may have it, it does not take the place of the one asked for."""
        if offer.packed is None:
            return offer.plain
        rules = request.site.rules_of(f"{request.path}.gz", f"{request.filename}.gz")
        return offer.choose(request) if rules is request.settings else offer.without_copy()

    def _without_slash(self, request: Request) -> Response:
        """The answer to a request for a folder by a path that does not end with a slash."""
        if self._slash is Slash.ON:
            return _redirect(301, f"{request.path}/", request)
        self._say(request, Level.ERROR, f"a folder, but without a slash at the end: {request.path}")
        return Response(404 if self._slash is Slash.NOT_FOUND else 403)

    def _remembered(self) -> dict[tuple[str, str], Offer]:
        """What was found in this turn of the loop."""
        turn = self._files.turn()
        if turn != self._turn:
            self._turn = turn
            self._offers.clear()
        return self._offers

    def _look(self, root: str, filename: str) -> Offer | None:
        """What there is now; None for a directory."""
        folder, path = below(root, filename)
        found = self._open(folder, path)
        if found.is_directory:
            found.close()
            return None
        offer = self._offer(folder, path, _regular(found))
        if offer.in_memory:
            self._offers[root, filename] = offer
        return offer

    def _see(self, root: str, filename: str) -> None:
        """Make sure that it is a file. In this turn of the loop, it need not be looked for again."""
        offer = self._look(root, filename)
        if offer is None:
            raise PermissionError(errno.EACCES, "not a regular file")
        if not offer.in_memory:
            offer.close()

    def _directory(self, request: Request, root: str, filename: str) -> Response | Elsewhere | None:
        """The first index file that exists, by its own path: sections may be about it. Without one the folder is left
        to the handler of listings, or is forbidden."""
        if not filename.endswith("/"):
            filename += "/"
        for name in self._index:
            with suppress(FileNotFoundError):
                if (root, filename + name) not in self._remembered():
                    self._see(root, filename + name)
                if self._index_redirect:
                    return _redirect(self._index_redirect, request.path + name, request)
                return Elsewhere(request.path + name)
        self._open(*below(root, filename)).close()
        if self._listed:
            request.handler = DIRECTORY_HANDLER
            return None
        self._say(request, Level.ERROR, f"no index file ({' '.join(self._index)}) in {request.filename}")
        return Response(403)

    def _offer(self, folder: str, path: str, plain: OpenFile) -> Offer:
        """`plain`, and the compressed copy beside it."""
        content = self._naming.content(path or folder)
        packed = None if content.encoding else self._compressed(folder, f"{path}.gz", plain)
        if packed is None:
            return Offer(Representation(plain, content), None)
        return Offer(
            Representation(plain, content, negotiated=True),
            Representation(packed, content._replace(encoding="gzip"), negotiated=True),
        )

    def _compressed(self, folder: str, path: str, plain: OpenFile) -> OpenFile | None:
        """The file `path` if it is no older than the one it is a copy of."""
        if not os.access(f"{folder}/{path}", os.F_OK):  # for most files, all that this costs
            return None
        try:
            packed = self._open(folder, path)
        except OSError:
            return None
        if packed.is_regular and int(packed.status.st_mtime) >= int(plain.status.st_mtime):
            return packed
        packed.close()
        return None

    def _open(self, folder: str, path: str) -> OpenFile:
        return self._files.open(folder, path, self._symlinks)

    def _failure(self, request: Request, error: OSError) -> Response | Elsewhere:
        """What the client is told, and what the administrator."""
        if error.errno == errno.ENOENT and self._fallback not in ("", request.path):
            return Elsewhere(self._fallback)
        if error.errno in _NOT_FOUND:
            self._say(request, Level.INFO, f"file does not exist: {request.filename}")
            return Response(404)
        self._say(request, Level.ERROR, f"cannot serve {request.filename}: {error.strerror}")
        if error.errno in _FORBIDDEN:
            return Response(403)
        return Response(503 if error.errno in _OVERLOADED else 500)

    def _say(self, request: Request, level: Level, message: str) -> None:
        self._log.write(level, message, module="files", client=request.transport.wire.peer)


def _redirect(status: int, path: str, request: Request) -> Response:
    """A redirection to another path, with the query of the request."""
    query = "" if request.query is None else f"?{request.query}"
    return redirect(status, quote_path(path) + query)


def _regular(file: OpenFile) -> OpenFile:
    if not file.is_regular:
        file.close()
        raise PermissionError(errno.EACCES, "not a regular file")
    return file
