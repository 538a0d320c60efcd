"""What hosts do about sessions, by real handshakes: two workers with Contexts of their own and one cache."""

from __future__ import annotations

import os
import ssl
import time

import pytest
from cryptography import x509
from OpenSSL import SSL
from unit.ssl.issued import Issued
from unit.ssl.sessions.handshakes import ANY_VERSION, Connected, client_of, connect, new_context
from unit.ssl.tls_clients import V12, V13

from prefork_ssl.modules.ssl.hello.client_hello import examine
from prefork_ssl.modules.ssl.openssl import AskingConnection, Rules, ServerConnection, ask_clients
from prefork_ssl.modules.ssl.openssl.sessions import handshake_with_cache
from prefork_ssl.modules.ssl.sessions.cache import CacheDown
from prefork_ssl.modules.ssl.sessions.records import Label
from prefork_ssl.modules.ssl.sessions.resumption import Attempt, Shared
from prefork_ssl.modules.ssl.sessions.sealing import KEY_SIZE, Sealer
from prefork_ssl.modules.ssl.sessions.tally import ADOPTED, HITS, MISSES, REFUSED, Tally
from prefork_ssl.modules.ssl.sessions.workshop import Adopter, Workshop

SEALER = Sealer(os.urandom(KEY_SIZE))
VERSIONS = pytest.mark.parametrize("protocol", [V12, V13], ids=["TLSv1.2", "TLSv1.3"])


class Memory:
    """A cache that all workers see."""

    kind = "memory"

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}
        self.asked = 0
        self.down = False

    def open(self, loop):
        pass

    def find(self, session_id):
        self.asked += 1
        if self.down:
            raise CacheDown
        return self.records.get(session_id)

    def store(self, session_id, record):
        self.records[session_id] = record

    def settle(self):
        pass

    def remove(self, session_id):
        self.records.pop(session_id, None)

    def close(self):
        pass


class Worker:
    """One host in one worker."""

    def __init__(
        self, cache: Memory, scope: bytes = b"scope", *, tickets: bool = False, lifetime: float = 300
    ) -> None:
        self.context = new_context(scope, tickets=tickets)
        self.connection = ServerConnection
        self.tally = Tally()
        self.workshop = Workshop()
        self.sessions = Shared(
            "a.test:443",
            self.context,
            scope,
            lifetime,
            tls13=True,
            tickets=tickets,
            sealer=SEALER,
            cache=cache,
            adopter=Adopter(self.context, ANY_VERSION, self.workshop),
            tally=self.tally,
        )

    def ask(self) -> None:
        """Everybody for a certificate, and take any."""
        ask_clients(self.context, Rules(depth=100, polite=True), required=True)
        self.connection = AskingConnection

    def finish_chores(self) -> None:
        """As if there were nothing else to do."""
        while self.workshop._chores:
            self.workshop.work()

    def with_open_door(self, tls: ServerConnection):
        """Whatever OpenSSL has, it resumes."""
        return lambda: handshake_with_cache(tls, self.context, tls.handshake)

    def meet(self, client: ssl.SSLContext, earlier: Connected | None = None) -> Connected:
        """A connection, as the server makes it."""
        attempts: list[Attempt] = []

        def step(tls: ServerConnection):
            attempts.append(self.sessions.begin(tls, examine(self._hello)))
            return attempts[0].handshake

        session = earlier.client.session if earlier else None
        connected = connect(self.context, client, session, step, self._heard, self.connection)
        attempts[0].complete()
        return connected

    def _heard(self, hello: bytes) -> None:
        self._hello = hello

    def count(self, counter) -> int:
        return self.tally.words[counter]


@pytest.fixture
def cache() -> Memory:
    return Memory()


@VERSIONS
def test_another_worker_resumes(protocol, cache):
    here, there = Worker(cache), Worker(cache)
    client = client_of(protocol)
    first = here.meet(client)
    assert not first.resumed
    assert len(cache.records) == (1 if protocol == V12 else 2)
    assert there.meet(client, first).resumed
    assert (there.count(HITS), there.count(ADOPTED), there.count(MISSES)) == (1, 1, 0)


def test_what_a_worker_has_is_not_adopted_again(cache):
    here, there = Worker(cache), Worker(cache)
    client = client_of(V12)
    first = here.meet(client)
    assert here.meet(client, first).resumed
    for _ in range(3):
        assert there.meet(client, first).resumed
    assert (here.count(ADOPTED), there.count(ADOPTED)) == (0, 1)
    assert (here.count(HITS), there.count(HITS)) == (1, 3)


def test_a_session_of_tls13_is_used_once(cache):
    here, there = Worker(cache), Worker(cache)
    client = client_of(V13)
    first = here.meet(client)
    assert there.meet(client, first).resumed
    for worker in (here, there, Worker(cache)):
        assert not worker.meet(client, first).resumed


def test_tickets_go_on_from_connection_to_connection(cache):
    client = client_of(V13)
    connected = Worker(cache).meet(client)
    for _ in range(5):
        connected = Worker(cache).meet(client, connected)
        assert connected.resumed


@VERSIONS
def test_a_worker_resumes_its_client_that_has_shown_a_long_chain(protocol, cache, tmp_path):
    """OpenSSL has not filed that session."""
    client, here = client_of(protocol), Worker(cache)
    here.ask()
    person = Issued("somebody")
    (tmp_path / "somebody.pem").write_bytes(person.key_pem() + 30 * person.pem)
    client.load_cert_chain(tmp_path / "somebody.pem")
    first = here.meet(client)
    assert here.meet(client, first).resumed
    assert here.count(ADOPTED) == 1


@VERSIONS
def test_a_session_that_holds_much_has_a_place_for_one_handshake(protocol, cache, tmp_path):
    """The client has shown a huge certificate, which OpenSSL would keep for each of its 20480 sessions."""
    client, here, there = client_of(protocol), Worker(cache), Worker(cache)
    here.ask()
    there.ask()
    noise = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.32473.1"), os.urandom(9000))
    person = Issued("somebody", extensions=[noise])
    (tmp_path / "somebody.pem").write_bytes(person.key_pem() + person.pem)
    client.load_cert_chain(tmp_path / "somebody.pem")
    last = here.meet(client)
    for adopted in range(1, 4):
        last = there.meet(client, last)
        assert last.resumed
        assert there.count(ADOPTED) == adopted
        there.finish_chores()
    assert not connect(there.context, client, last.client.session, there.with_open_door).resumed


@VERSIONS
def test_what_is_taken_out_of_the_cache_is_out_for_all(protocol, cache):
    """Also for those who have it in OpenSSL's own cache."""
    here, there = Worker(cache), Worker(cache)
    client = client_of(protocol)
    first = here.meet(client)
    if protocol == V12:
        assert there.meet(client, first).resumed
    cache.records.clear()
    assert not here.meet(client, first).resumed
    assert not there.meet(client, first).resumed


@VERSIONS
def test_a_connection_that_failed_takes_its_session_along(protocol, cache):
    here, there = Worker(cache), Worker(cache)
    client = client_of(protocol)
    first = here.meet(client)
    second = there.meet(client, first)
    assert second.resumed
    there.sessions.forget(second.server)
    assert not here.meet(client, second if protocol == V13 else first).resumed


@VERSIONS
def test_another_host_stays_shut(protocol, cache):
    """Even if the record of the other host were filed under the same id."""
    client = client_of(protocol)
    first = Worker(cache).meet(client)
    stricter = Worker(cache, b"another scope")
    assert not stricter.meet(client, first).resumed
    assert stricter.count(REFUSED) == 1


@VERSIONS
def test_a_record_with_one_bit_changed_is_refused(protocol, cache):
    client, there = client_of(protocol), Worker(cache)
    first = Worker(cache).meet(client)
    for key, record in cache.records.items():
        cache.records[key] = record[:-20] + bytes([record[-20] ^ 1]) + record[-19:]
    assert not there.meet(client, first).resumed
    assert there.count(REFUSED) == 1


def test_a_record_moved_to_another_id_is_refused(cache):
    client, there = client_of(V12), Worker(cache)
    first = Worker(cache).meet(client)
    second = Worker(cache).meet(client)
    one, other = cache.records
    cache.records[one] = cache.records[other]
    refused = [there.meet(client, each).resumed for each in (first, second)]
    assert sorted(refused) == [False, True]
    assert there.count(REFUSED) == 1


def test_what_is_sealed_but_no_session_is_not_adopted(cache):
    client, there = client_of(V12), Worker(cache)
    first = Worker(cache).meet(client)
    (key,) = cache.records
    label = Label(time.time() + 100, 0x0303, "a.test")
    cache.records[key] = SEALER.seal(key, b"scope", label, b"no session at all")
    assert not there.meet(client, first).resumed
    assert there.count(REFUSED) == 1


@VERSIONS
def test_an_expired_session_is_a_miss(protocol, cache):
    client = client_of(protocol)
    first = Worker(cache, lifetime=-1).meet(client)
    there = Worker(cache)
    assert not there.meet(client, first).resumed
    assert (there.count(MISSES), there.count(REFUSED)) == (1, 0)


def test_without_the_cache_a_worker_resumes_what_it_has(cache):
    here, there = Worker(cache), Worker(cache)
    client = client_of(V12)
    first = here.meet(client)
    cache.down = True
    assert here.meet(client, first).resumed
    assert not there.meet(client, first).resumed


def test_stateless_tickets_do_not_touch_the_cache(cache):
    here = Worker(cache, tickets=True)
    for protocol in (V12, V13):
        client = client_of(protocol)
        first = here.meet(client)
        assert here.meet(client, first).resumed
    assert not cache.records
    assert cache.asked == 0


def test_a_host_with_tickets_files_sessions_of_clients_without(cache):
    client = client_of(V12)
    client.options |= ssl.OP_NO_TICKET
    first = Worker(cache, tickets=True).meet(client)
    assert len(cache.records) == 1
    assert Worker(cache, tickets=True).meet(client, first).resumed


@VERSIONS
def test_clients_that_never_were_here_are_not_looked_for(protocol, cache):
    worker = Worker(cache)
    worker.meet(client_of(protocol))
    assert cache.asked == 0


def test_openssl_may_have_dropped_what_we_thought_it_had(cache):
    """Then it is adopted the next time."""
    client, there = client_of(V12), Worker(cache)
    first = Worker(cache).meet(client)
    assert there.meet(client, first).resumed
    there.context = there.sessions.context = new_context()
    there.sessions._adopter = Adopter(there.context, ANY_VERSION, there.workshop)
    assert [there.meet(client, first).resumed for _ in range(3)] == [False, True, True]


def test_throw_away_handshakes_are_made_when_there_is_time(cache):
    client, there = client_of(V12), Worker(cache)
    made = [Worker(cache).meet(client) for _ in range(12)]
    for first in made:
        assert there.meet(client, first).resumed
        there.finish_chores()
    stock = there.sessions._adopter._ready
    assert len(stock) == there.workshop.spares > 0
    assert there.count(ADOPTED) == 12


def test_a_worker_that_is_never_idle_does_not_pile_up_work(cache):
    client, there = client_of(V12), Worker(cache)
    for _ in range(300):
        assert there.meet(client, Worker(cache).meet(client)).resumed
    assert len(there.workshop._chores) <= 257
    assert len(there.sessions._adopter._used) < 50


def test_the_context_keeps_its_limits(cache):
    """Adoption opens it for TLS 1.2 only for itself."""
    only = (SSL.TLS1_3_VERSION, SSL.TLS1_3_VERSION)
    context = new_context(versions=only)
    Adopter(context, only, Workshop()).adopt(b"no session")
    with pytest.raises(SSL.Error, match="unsupported protocol"):
        connect(context, client_of(V12))
