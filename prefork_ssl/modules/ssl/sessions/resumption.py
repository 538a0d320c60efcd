"""What a virtual host does about sessions, in each handshake.

With the shared cache, OpenSSL's internal one is only a place to put sessions into: its door is shut unless the shared
cache has just said that it has the session, too. So what one worker takes out is out for all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from OpenSSL import SSL

from prefork_ssl.modules.ssl.hello.client_hello import ClientHello
from prefork_ssl.modules.ssl.hello.offered_session import offered_session
from prefork_ssl.modules.ssl.openssl import ServerConnection
from prefork_ssl.modules.ssl.openssl.encoding import session_id
from prefork_ssl.modules.ssl.openssl.sessions import (
    TLS1_3,
    Tickets,
    handshake_with_cache,
    session,
    version,
)
from prefork_ssl.modules.ssl.sessions.cache import CacheDown, SessionCache
from prefork_ssl.modules.ssl.sessions.records import Label, expiry_of
from prefork_ssl.modules.ssl.sessions.sealing import Sealer
from prefork_ssl.modules.ssl.sessions.tally import ADOPTED, HITS, MISSES, REFUSED, Tally
from prefork_ssl.modules.ssl.sessions.workshop import Adopter

# Sessions of which a worker remembers that its own OpenSSL has them; fewer than that holds, 20480 for each Context.
_MOST_KNOWN = 10_000
_INTERNAL = "internal"


class Attempt(Protocol):
    """One handshake."""

    def handshake(self) -> bool:
        """To be called in place of ServerConnection.handshake."""

    @property
    def source(self) -> str:
        """Where the session is that the client may resume: "internal" or SessionCache.kind; "" if that is not known."""

    def complete(self) -> None:
        """The handshake is complete. May let the greenlet wait: what is still to be said to the client comes later."""

    def failed(self) -> None:
        """The handshake has ended in an error of TLS."""


class Resumption(Protocol):
    """What a host does about sessions."""

    def begin(self, tls: ServerConnection, hello: ClientHello) -> Attempt:
        """A client has said hello. May let the greenlet wait."""

    def forget(self, tls: ServerConnection) -> None:
        """The connection has failed: its session must not be resumed (RFC 5246 section 7.2.2). To be called before the
        client hears of it; may let the greenlet wait."""


class Unshared:
    """A host whose sessions OpenSSL looks after alone, or nobody."""

    def begin(self, tls: ServerConnection, hello: ClientHello) -> Attempt:
        """See Resumption."""
        return _Unattended(tls.handshake)

    def forget(self, tls: ServerConnection) -> None:
        """See Resumption."""


class _Unattended:
    __slots__ = ("handshake",)
    source = ""

    def __init__(self, handshake: Callable[[], bool]) -> None:
        self.handshake = handshake

    def complete(self) -> None:
        """See Attempt."""

    def failed(self) -> None:
        """See Attempt."""


class Shared:
    """A host whose sessions are in the shared cache.

    `scope` names who may resume them, and is the Context's session id context; `lifetime` is in seconds. `tls13` and
    `tickets` are as in offered_session.
    """

    def __init__(
        self,
        name: str,
        context: SSL.Context,
        scope: bytes,
        lifetime: float,
        *,
        tls13: bool,
        tickets: bool,
        sealer: Sealer,
        cache: SessionCache,
        adopter: Adopter,
        tally: Tally,
    ) -> None:
        self._name = name
        self.context = context
        self._scope = scope
        self._lifetime = lifetime
        self._tls13, self._tickets = tls13, tickets
        self.collects_tickets = tls13 and not tickets
        self._sealer = sealer
        self._cache = cache
        self._adopter = adopter
        self._tally = tally
        # Ids of sessions that are in OpenSSL's internal cache.
        self._known: dict[bytes, None] = {}

    def begin(self, tls: ServerConnection, hello: ClientHello) -> Attempt:
        """See Resumption."""
        offered = offered_session(hello.body, tls13=self._tls13, tickets=self._tickets)
        return _Attended(self, tls, offered, self._obtain(offered, tls) if offered is not None else "")

    def forget(self, tls: ServerConnection) -> None:
        """See Resumption."""
        for each in tls.session_ids:
            self.remove(each)
        if tls.session_ids:
            self.settle()

    # --- for attempts ---

    def file(self, der: bytes, protocol: int, *, internal: bool) -> tuple[bytes, ...]:
        """File a session; its id, if it has one. `internal` is whether OpenSSL has filed it already."""
        key = session_id(der)
        if not key:
            return ()
        label = Label(time.time() + self._lifetime, protocol, self._name)
        self._cache.store(key, self._sealer.seal(key, self._scope, label, der))
        if internal:
            self._learn(key)
        return (key,)

    def settle(self) -> None:
        """Let the greenlet wait until what was filed can be found, and what was removed cannot."""
        self._cache.settle()

    def remove(self, key: bytes) -> None:
        """Let nobody resume this session any more."""
        self._known.pop(key, None)
        self._cache.remove(key)

    def resumed(self, key: bytes, protocol: int) -> None:
        """A client has resumed this session; those of TLS 1.3 are for one time only (RFC 8446 appendix C.4)."""
        self._tally.words[HITS] += 1
        if protocol >= TLS1_3:
            self.remove(key)

    def declined(self, key: bytes) -> None:
        """OpenSSL did not resume this session, if it has it at all."""
        self._known.pop(key, None)

    # --- looking for sessions ---

    def _obtain(self, key: bytes, tls: ServerConnection) -> str:
        """Where OpenSSL has the session from that it may resume; "" if it has none."""
        try:
            record = self._cache.find(key)
        except CacheDown:
            return _INTERNAL if key in self._known else ""
        if record is None:
            self._known.pop(key, None)
            self._tally.words[MISSES] += 1
            return ""
        if key in self._known:
            return _INTERNAL
        return self._cache.kind if self._adopt(key, record, tls) else ""

    def _adopt(self, key: bytes, record: bytes, tls: ServerConnection) -> bool:
        now = time.time()
        tls.may_resume(len(record))
        der = self._sealer.open(key, self._scope, record, now)
        if der is None or not self._adopter.adopt(der, keep=tls.files_sessions):
            self._tally.words[REFUSED if expiry_of(record) > now else MISSES] += 1
            return False
        self._tally.words[ADOPTED] += 1
        if tls.files_sessions:
            self._learn(key)
        return True

    def _learn(self, key: bytes) -> None:
        self._known[key] = None
        if len(self._known) > _MOST_KNOWN:
            del self._known[next(iter(self._known))]


class _Attended:
    """A handshake of a client that may come back."""

    __slots__ = ("_host", "_offered", "_step", "_tickets", "_tls", "source")

    def __init__(self, host: Shared, tls: ServerConnection, offered: bytes | None, source: str) -> None:
        self._host = host
        self._tls = tls
        self.source = source
        self._offered = offered if source else None
        self._tickets: Tickets | None = None
        self._step = self._with_cache(tls.handshake)

    def handshake(self) -> bool:
        """See Attempt."""
        done = self._step()
        if not done and self._host.collects_tickets and self._tickets is None:
            self._collect_tickets()
        return done

    def _collect_tickets(self) -> None:
        """Tickets come after the first step, which tells whether there will be any."""
        if version(self._tls) >= TLS1_3:
            self._tickets = Tickets(self._tls)
            self._step = self._with_cache(self._tickets.handshake)

    def _with_cache(self, handshake: Callable[[], bool]) -> Callable[[], bool]:
        if self._offered is None:
            return handshake
        return partial(handshake_with_cache, self._tls, self._host.context, handshake)

    def complete(self) -> None:
        """See Attempt."""
        protocol = version(self._tls)
        if self._offered is not None:
            self._settle(self._offered, protocol)
        if protocol < TLS1_3:
            if not self._tls.resumed():
                self._file([session(self._tls)], protocol)
        elif self._tickets is not None:
            self._file(self._tickets.sessions, protocol)

    def _file(self, sessions: Sequence[bytes], protocol: int) -> None:
        for der in sessions:
            self._tls.session_ids += self._host.file(der, protocol, internal=self._tls.files_sessions)
        if self._tls.session_ids:
            self._host.settle()

    def _settle(self, offered: bytes, protocol: int) -> None:
        if not self._tls.resumed():
            self._host.declined(offered)
            return
        self._host.resumed(offered, protocol)
        if protocol < TLS1_3:
            self._tls.session_ids = (offered,)

    def failed(self) -> None:
        """See Attempt."""
        if self._offered is not None and self._tls.resumed():
            self._host.remove(self._offered)
            self._host.settle()
