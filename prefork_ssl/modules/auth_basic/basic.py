"""Basic authentication: the user is whom the request names, if the password is right; otherwise it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import BadArgument, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.config.words import split_words
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.expression.condition import EvaluationError
from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.hooks import Authentication, Report
from prefork_ssl.kernel.http.credentials import parse_basic
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.request import Response
from prefork_ssl.kernel.requirements import Test, granted_to_user
from prefork_ssl.modules.auth_basic.directives import (
    AUTH_GROUP_FILE,
    AUTH_NAME,
    AUTH_TYPE,
    AUTH_USER_FILE,
    UserFile,
)
from prefork_ssl.modules.auth_basic.passwords import Passwords, UnknownHash

if TYPE_CHECKING:
    from prefork_ssl.kernel.module import Module
    from prefork_ssl.kernel.request import Request

PASSWORDS = Key[Passwords]("passwords")


def prepare(generation: Generation) -> None:
    """The prepare hook."""
    generation.keep(PASSWORDS, Passwords())


def check(configuration: Configuration, _modules: Sequence[Module], report: Report) -> None:
    """The check hook: there must be users to choose from."""
    scopes = list(configuration.scopes)
    if any(scope[AUTH_USER_FILE] for scope in scopes):
        return
    for scope in scopes:
        if scope[AUTH_TYPE]:
            hint = "add AuthUserFile with a file that htpasswd has made"
            report(Problem("AuthType Basic finds no users", scope.origin(AUTH_TYPE), hint))


def authenticate(generation: Generation, host: Host, settings: Settings) -> Authentication | None:
    """The authenticate hook."""
    if not settings[AUTH_TYPE]:
        return None
    realm = settings[AUTH_NAME] or server_name(host.settings).name
    basic = Basic(realm, settings[AUTH_USER_FILE], generation[PASSWORDS], generation.logs.for_host(host))
    return Authentication(basic.identify, basic.challenge)


class Basic:
    """Learns who the user is where these settings hold."""

    def __init__(self, realm: str, users: UserFile | None, passwords: Passwords, log: ErrorLog) -> None:
        self._field = ("WWW-Authenticate", f'Basic realm="{_quoted(realm)}", charset="UTF-8"')
        self._users = users
        self._passwords = passwords
        self._log = log

    def challenge(self, _request: Request) -> Response:
        """The response that asks for a name and a password."""
        return Response(401, [self._field])

    def identify(self, request: Request) -> Response | None:
        """Set the request's user, if its password is right; the challenge or 500 otherwise."""
        credentials = parse_basic(request.fields.get("authorization", ""))
        if credentials is None:
            return self.challenge(request)
        user, password = credentials
        refusal = self._refusal(request, user, password)
        if refusal is None:
            request.user, request.auth_type = user, "Basic"
        return refusal

    def _refusal(self, request: Request, user: str, password: bytes) -> Response | None:
        if self._users is None:
            self._say(request, f"nobody can log in to {request.path}: AuthUserFile is not set there")
            return Response(500)
        try:
            if self._passwords.right(self._users, user, password):
                return None
        except OSError as error:
            self._say(request, f"AuthUserFile {self._users.path} cannot be read: {error.strerror}")
            return Response(500)
        except UnknownHash:
            self._say(request, f"the entry of user {user} in {self._users.path} is no hash of a known kind")
        self._say(request, f"user {user}: not logged in to {request.path}: unknown, or another password")
        return self.challenge(request)

    def _say(self, request: Request, message: str) -> None:
        self._log.write(Level.ERROR, message, module="auth_basic", client=request.transport.wire.peer)


def group(arguments: str, _modules: Sequence[Module]) -> Test:
    """Require group: the user is in one of them, by the AuthGroupFile that holds for the request."""
    names = split_words(arguments)
    if not names:
        raise BadArgument("needs names of groups")

    def is_member(request: Request) -> bool:
        file = request.settings[AUTH_GROUP_FILE]
        if file is None:
            raise EvaluationError("Require group needs an AuthGroupFile")
        try:
            groups = file.read()
        except OSError as error:
            raise EvaluationError(f"AuthGroupFile {file.path} cannot be read: {error.strerror}") from None
        return any(request.user in groups.get(name, ()) for name in names)

    return granted_to_user(is_member)


def _quoted(realm: str) -> str:
    """As a quoted-string (RFC 9110 section 5.6.4), in the bytes of UTF-8."""
    escaped = realm.replace("\\", "\\\\").replace('"', '\\"')
    return escaped.encode("utf-8", "surrogateescape").decode("latin-1")
