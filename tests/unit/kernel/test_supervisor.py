"""When workers are replaced, and when they are taken for dead. Time and processes are make-believe."""

import signal
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.kernel.directives import WORKER_HEARTBEAT_TIMEOUT
from prefork_ssl.kernel.process import supervisor as supervisors
from prefork_ssl.kernel.process.supervisor import Supervisor
from prefork_ssl.kernel.process.workforce import Burial, Stage

PATIENCE = 10.0


@dataclass
class Clock:
    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@dataclass(eq=False)
class Worker:
    """What the supervisor sees of a Member."""

    number: int
    crew: object = field(repr=False)
    began: float
    stage: Stage = Stage.SERVING
    spent: bool = False
    condemned: bool = False
    heard: float = 0.0
    killed: list[signal.Signals] = field(default_factory=list)

    def silent_for(self, now: float) -> float:
        return now - self.heard

    def kill(self, number: signal.Signals) -> None:
        self.stage = Stage.LEAVING
        self.killed.append(number)

    def send_home(self) -> None:
        self.stage = Stage.LEAVING


class Workers:
    """A workforce without processes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.members: list[Worker] = []
        self.room = True

    def __iter__(self):
        return iter(list(self.members))

    def __len__(self) -> int:
        return len(self.members)

    def of(self, crew: object) -> list[Worker]:
        return [member for member in self.members if member.crew is crew]

    def hire(self, crew: object, number: int) -> None:
        if not self.room:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        self.members.append(Worker(number, crew, self.clock.now, heard=self.clock.now))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervisors, "time", clock)
    return clock


@pytest.fixture
def crew() -> SimpleNamespace:
    log: list[str] = []
    return SimpleNamespace(
        size=2,
        settings=Settings({WORKER_HEARTBEAT_TIMEOUT: PATIENCE}),
        log=SimpleNamespace(write=lambda level, message: log.append(message)),
        said=log,
    )


@pytest.fixture
def workers(clock: Clock) -> Workers:
    return Workers(clock)


@pytest.fixture
def supervisor(workers: Workers, crew: SimpleNamespace) -> Supervisor:
    supervisor = Supervisor(workers, crew)
    supervisor.fill()
    return supervisor


def die(supervisor: Supervisor, workers: Workers, member: Worker, status: int = -9) -> None:
    workers.members.remove(member)
    supervisor.lost(Burial(member, status))


def numbers(workers: Workers) -> list[int]:
    return sorted(member.number for member in workers)


def test_every_number_is_filled_once(supervisor: Supervisor, workers: Workers) -> None:
    supervisor.fill()
    assert numbers(workers) == [1, 2]


def test_who_dies_old_is_replaced_at_once(supervisor: Supervisor, workers: Workers, clock: Clock) -> None:
    for _ in range(5):
        clock.now += 60
        die(supervisor, workers, workers.members[0])
        assert supervisor.pause == 0
        supervisor.fill()
        assert numbers(workers) == [1, 2]


def test_who_dies_young_is_replaced_later_and_later(
    supervisor: Supervisor, workers: Workers, clock: Clock
) -> None:
    pauses = []
    for _ in range(1100):
        workers.members[-1].stage = Stage.STARTING
        die(supervisor, workers, workers.members[-1])
        pauses.append(supervisor.pause)
        supervisor.fill()
        assert len(workers) == (1 if supervisor.pause else 2)
        clock.now += supervisor.pause
        supervisor.fill()
    assert pauses[:5] == [0, 0.25, 0.5, 1, 2]
    assert pauses[-1] == 30


def test_after_those_who_have_served_the_pause_stays_short(
    supervisor: Supervisor, workers: Workers, clock: Clock
) -> None:
    pauses = []
    for _ in range(12):
        die(supervisor, workers, workers.members[-1])
        pauses.append(supervisor.pause)
        clock.now += supervisor.pause
        supervisor.fill()
    assert pauses[:5] == [0, 0.25, 0.5, 1, 1]
    assert pauses[-1] == 1


def test_the_pause_is_forgotten_when_all_have_grown_old(
    supervisor: Supervisor, workers: Workers, clock: Clock
) -> None:
    for _ in range(4):
        die(supervisor, workers, workers.members[-1])
        clock.now += supervisor.pause
        supervisor.fill()
    clock.now += 4
    supervisor.look()
    for member in workers:
        member.heard = clock.now
    clock.now += 4
    supervisor.look()
    clock.now += 1
    supervisor.fill()
    die(supervisor, workers, workers.members[0])
    assert supervisor.pause == 0


def test_nobody_left_is_no_sign_of_health(supervisor: Supervisor, workers: Workers, clock: Clock) -> None:
    for _ in range(3):
        for member in list(workers):
            die(supervisor, workers, member)
        supervisor.look()
        clock.now += supervisor.pause
        supervisor.fill()
    assert len(workers) == 2
    die(supervisor, workers, workers.members[0])
    assert supervisor.pause == 1


def test_who_went_as_told_is_not_missed_but_its_place_is_filled(
    supervisor: Supervisor, workers: Workers
) -> None:
    member = workers.members[0]
    member.send_home()
    die(supervisor, workers, member, 0)
    assert supervisor.pause == 0
    supervisor.fill()
    assert numbers(workers) == [1, 2]


def test_who_is_spent_goes_when_the_next_one_serves(supervisor: Supervisor, workers: Workers) -> None:
    spent = workers.members[0]
    spent.spent = True
    supervisor.fill()
    supervisor.fill()
    assert numbers(workers) == [1, 1, 2]
    assert spent.stage is Stage.SERVING
    supervisor.ready(workers.members[-1])
    assert spent.stage is Stage.LEAVING
    supervisor.fill()
    assert len(workers) == 3


def test_who_is_silent_for_too_long_is_killed_and_its_place_filled(
    supervisor: Supervisor, workers: Workers, crew: SimpleNamespace, clock: Clock
) -> None:
    silent, other = workers.members
    for _ in range(12):
        clock.now += 1
        other.heard = clock.now
        supervisor.look()
        supervisor.fill()
    assert silent.killed == [signal.SIGABRT, signal.SIGKILL]
    assert other.killed == []
    assert numbers(workers) == [1, 1, 2]
    assert len([line for line in crew.said if "has not answered for 11.0 s" in line]) == 1


def test_a_master_that_slept_itself_blames_nobody(
    supervisor: Supervisor, workers: Workers, clock: Clock
) -> None:
    supervisor.look()
    clock.now += 100
    supervisor.look()
    clock.now += 1
    supervisor.look()
    assert all(member.killed == [] for member in workers)


def test_no_patience_means_any_patience(
    supervisor: Supervisor, workers: Workers, crew: SimpleNamespace, clock: Clock
) -> None:
    crew.settings = Settings({WORKER_HEARTBEAT_TIMEOUT: 0.0})
    for _ in range(100):
        clock.now += 1
        supervisor.look()
    assert all(member.killed == [] for member in workers)


def test_a_system_without_room_is_asked_again_later(
    supervisor: Supervisor, workers: Workers, crew: SimpleNamespace, clock: Clock
) -> None:
    clock.now += 60
    die(supervisor, workers, workers.members[0])
    workers.room = False
    supervisor.fill()
    supervisor.fill()
    assert len([line for line in crew.said if "cannot fork a worker" in line]) == 1
    workers.room = True
    clock.now += supervisor.pause
    supervisor.fill()
    assert numbers(workers) == [1, 2]
