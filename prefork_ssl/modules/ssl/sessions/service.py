"""The sessions of a generation: what each host does about them, and what master and workers do for that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from OpenSSL import SSL

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.generation import Key
from prefork_ssl.modules.ssl.log.log import SSLLog
from prefork_ssl.modules.ssl.openssl.sessions import DOOR_SHUT, TLS1_3
from prefork_ssl.modules.ssl.sessions.cache import SessionCache
from prefork_ssl.modules.ssl.sessions.dbm_cache import DBMCache
from prefork_ssl.modules.ssl.sessions.directives import SSL_SESSION_CACHE_TIMEOUT
from prefork_ssl.modules.ssl.sessions.keeper import Keeper
from prefork_ssl.modules.ssl.sessions.mutex import FileMutex, NoMutex
from prefork_ssl.modules.ssl.sessions.resumption import Resumption, Shared, Unshared
from prefork_ssl.modules.ssl.sessions.sealing import Sealer
from prefork_ssl.modules.ssl.sessions.tally import Tally
from prefork_ssl.modules.ssl.sessions.tracing import TracedCache
from prefork_ssl.modules.ssl.sessions.trouble import Trouble
from prefork_ssl.modules.ssl.sessions.workshop import Adopter, Workshop

if TYPE_CHECKING:
    from prefork_ssl.kernel.process.worker import Worker
    from prefork_ssl.modules.ssl.context.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Policy:
    """What a Context must be told about sessions: how OpenSSL's own cache is used (SSL_CTX_set_session_cache_mode(3)),
    and for how many seconds a session can be resumed."""

    mode: int
    lifetime: float

    def install(self, context: SSL.Context) -> None:
        """Tell a new Context."""
        context.set_session_cache_mode(self.mode)
        context.set_timeout(int(self.lifetime))


class Sessions:
    """The sessions of a generation whose workers share none. `mode` is that of a Policy."""

    def __init__(self, mode: int) -> None:
        self._mode = mode

    def policy(self, settings: Settings) -> Policy:
        """What the Context of the host with these settings must be told."""
        return Policy(self._mode, settings[SSL_SESSION_CACHE_TIMEOUT])

    def of_host(
        self, name: str, context: SSL.Context, parameters: Parameters, policy: Policy, log: SSLLog
    ) -> Resumption:
        """What the host does about sessions."""
        return Unshared()

    def before_fork(self) -> None:
        """See kernel/hooks.py."""

    def maintain(self) -> None:
        """See kernel/hooks.py."""

    def worker_start(self, worker: Worker) -> None:
        """See kernel/hooks.py."""

    def worker_stop(self) -> None:
        """See kernel/hooks.py."""


NO_SESSIONS = Sessions(SSL.SESS_CACHE_OFF)


class SharedSessions(Sessions):
    """The sessions of a generation with a shared cache, which is open in workers only."""

    def __init__(self, key: bytes, trouble: Trouble, cache: SessionCache, tally: Tally) -> None:
        super().__init__(DOOR_SHUT)
        self.key = key
        self.trouble = trouble
        self._sealer = Sealer(key)
        self._cache = cache
        self._tally = tally
        self._workshop = Workshop()

    def of_host(
        self, name: str, context: SSL.Context, parameters: Parameters, policy: Policy, log: SSLLog
    ) -> Resumption:
        """See Sessions."""
        versions = (parameters.protocols.lowest, parameters.protocols.highest)
        return Shared(
            name,
            context,
            parameters.scope(name),
            policy.lifetime,
            tls13=versions[1] >= TLS1_3,
            tickets=parameters.tickets,
            sealer=self._sealer,
            cache=TracedCache(self._cache, log) if log.tells_trace else self._cache,
            adopter=Adopter(context, versions, self._workshop),
            tally=self._tally,
        )

    def worker_start(self, worker: Worker) -> None:
        """See kernel/hooks.py."""
        self._tally.words = worker.slot.words
        self._workshop.open(worker.loop)
        self._cache.open(worker.loop)

    def worker_stop(self) -> None:
        """See kernel/hooks.py."""
        self._cache.close()
        self._workshop.close()


class KeptSessions(SharedSessions):
    """Those in files of this machine, which the master keeps; `lifetime` is that of the sessions that last longest."""

    def __init__(
        self, key: bytes, trouble: Trouble, keeper: Keeper, previous: KeptSessions | None, lifetime: float
    ) -> None:
        place = keeper.place
        tally = Tally()
        mutex = FileMutex(place.mutex) if place.mutex else NoMutex()
        super().__init__(key, trouble, DBMCache(place, mutex, trouble, tally), tally)
        self.keeper = keeper
        self._fresh = previous is None or previous.keeper is not keeper
        self._replaced = previous.keeper if previous and self._fresh else None
        self._lifetime = lifetime

    def before_fork(self) -> None:
        """See kernel/hooks.py."""
        if self._fresh:
            self.keeper.begin(self.trouble)

    def maintain(self) -> None:
        """See kernel/hooks.py."""
        if self._replaced is not None:
            if self._replaced.place.path != self.keeper.place.path:
                self._replaced.remove()
            self._replaced = None
        self.keeper.tend(self.trouble, self._lifetime)

    def worker_start(self, worker: Worker) -> None:
        """See kernel/hooks.py."""
        self.keeper.forget()
        super().worker_start(worker)


SESSIONS = Key[Sessions]("ssl sessions")
