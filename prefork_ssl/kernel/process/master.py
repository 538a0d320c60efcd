"""The master: forks workers, supervises them, reloads, stops.

It has bound the ports and owns the keys, and hands both down by forking. It serves nobody, and never uses gevent.

    HUP, USR1       reload: a transaction (rollout.py); several in a row are one
    TERM, INT       stop: connections are interrupted
    WINCH, QUIT     graceful stop: what is under way is finished, within GracefulShutdownTimeout
    CHLD            a worker has ended

Modules may ask for a reload, too (maintain, in hooks.py).
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from setproctitle import setproctitle

from prefork_ssl.config.errors import ConfigError
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.directives import GRACEFUL_SHUTDOWN_TIMEOUT, PID_FILE
from prefork_ssl.kernel.generation import ModuleSource
from prefork_ssl.kernel.hooks import Renewal
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.process import systemd
from prefork_ssl.kernel.process.control import Answer, ControlServer
from prefork_ssl.kernel.process.crew import Crew, muster
from prefork_ssl.kernel.process.daemon import Launch
from prefork_ssl.kernel.process.loop import Loop
from prefork_ssl.kernel.process.maintenance import Maintenance
from prefork_ssl.kernel.process.pidfile import PidFile, PidFileError, claim
from prefork_ssl.kernel.process.rollout import Rollout, cause
from prefork_ssl.kernel.process.rotation import Rotation
from prefork_ssl.kernel.process.supervisor import Supervisor
from prefork_ssl.kernel.process.workforce import Member, Stage, Workforce

_SIGNALS = (
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGWINCH,
    signal.SIGQUIT,
    signal.SIGCHLD,
)
# Seconds between two looks at all that is not told of by itself.
TICK = 1.0
# Seconds that workers have to end after they were told to stop; then they are killed.
_LAST_ORDERS = 5.0
_STOPPING = "the server is stopping"

Read = Callable[[], tuple[Configuration, ModuleSource]]


def pid_file_path(configuration: Configuration) -> Path:
    """Where the master's process id is to be written."""
    return Path(configuration.server_root, configuration.server.settings[PID_FILE])


class Master:
    """`crew` is the first; `read` reads the configuration anew, and raises ConfigError; `launch` is who waits."""

    def __init__(self, crew: Crew, read: Read, launch: Launch) -> None:
        self._read = read
        self._launch = launch
        self._crew: Crew | None = None  # the one in service
        self._rollout: Rollout | None = Rollout(crew)  # the one that may be soon
        self._leaving: list[Crew] = []  # those some of whose workers may not have ended yet
        self._pid_file: PidFile | None = None
        self._wanted: Renewal | None = None
        self._askers: list[Answer] = []
        self._on_terminal = os.isatty(0)
        self._stopping = False
        self._kills_at = float("inf")
        self._failure = ""
        self._next_tick = time.monotonic()
        self._loop = Loop(_SIGNALS, self._caught)
        self._workforce = Workforce(self._loop, self._said, self._forget)
        self._supervisor = Supervisor(self._workforce, crew)
        self._rotation = Rotation()
        self._maintenance = Maintenance()
        self._control: ControlServer | None = None
        self._use_log_of(crew)

    def run(self) -> int:
        """Serve until told to stop. Returns the exit status: 1 if the start failed."""
        try:
            self._begin()
            while self._workforce or not self._stopping:
                self._loop.turn(min(self._next_tick - time.monotonic(), self._supervisor.pause or TICK))
                self._work()
        except Exception:
            self._log.exception("the master ends by a mistake in the program", level=Level.CRIT)
            raise
        finally:
            self._end()
        return 1 if self._failure else 0

    def _work(self) -> None:
        """What is due at this turn of the loop."""
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + TICK
            self._tick()
        if self._wanted and self._rollout is None and not self._stopping:
            self._renew(self._wanted)
        if self._leaving:
            self._bid_farewell()
        if self._crew is not None and not self._stopping:
            self._supervisor.fill()

    def _tick(self) -> None:
        self._supervisor.look()
        for crew in self._crews():
            workers = self._workforce.of(crew)
            self._rotation.look_after(crew.generation.logs, [worker.channel for worker in workers])
            crew.generation.logs.tend()
        if self._crew is not None and self._rollout is None and not self._stopping:
            self._want(self._maintenance.run(self._crew.generation))
        if time.monotonic() >= self._kills_at:
            for member in self._workforce:
                self._log.write(Level.ALERT, f"{member} does not end, and is killed")
                member.kill(signal.SIGKILL)

    def _bid_farewell(self) -> None:
        """Let go of the crews whose last worker has ended."""
        gone = [crew for crew in self._leaving if not self._workforce.of(crew)]
        for crew in gone:
            self._leaving.remove(crew)
            crew.generation.logs.close()
        if gone:
            # A generation refers to itself in many places. Its memory is to be there for the next one.
            del gone, crew
            gc.collect()

    def _crews(self) -> list[Crew]:
        rolling = [self._rollout.crew] if self._rollout else []
        return [*self._leaving, *([self._crew] if self._crew else []), *rolling]

    # --- start and end ---

    def _begin(self) -> None:
        self._open_control()
        if self._rollout is not None:
            setproctitle(f"prefork_ssl: master, {self._rollout.crew.generation.configuration.files[0]}")
            self._roll_out(self._rollout)

    def _open_control(self) -> None:
        try:
            self._control = ControlServer(self._loop, self._asked)
        except OSError as error:
            message = f"no control socket, so -k restart cannot tell how it went: {error.strerror}"
            self._log.write(Level.WARN, message)

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        self._drop_pid_file()
        if self._failure:
            self._launch.failed(self._failure)
        else:
            self._log.write(Level.NOTICE, "stopped")
        for crew in self._crews():
            crew.generation.logs.close()

    def _claim(self, path: Path) -> PidFile:
        left_behind = path.exists()
        pid_file = claim(path)
        if left_behind:
            self._log.write(
                Level.WARN, f"PidFile {path} was left behind: the last server did not end in good order"
            )
        return pid_file

    def _drop_pid_file(self) -> None:
        if self._pid_file is None:
            return
        try:
            self._pid_file.remove()
        except PidFileError as error:
            self._log.write(Level.ERROR, str(error))
        self._pid_file = None

    def _forget(self, crew: Crew) -> None:
        """In a new worker: let go of what is the master's, and other crews'.

        A socket that nobody accepts on any more must close, and a log program must find the end of its input."""
        for other in self._crews():
            if other is not crew:
                other.close_sockets(crew)
                other.generation.logs.close()
        self._loop.forget()
        self._launch.forget()
        if self._control is not None:
            self._control.forget()
        for pid_file in (self._pid_file, self._rollout.pid_file if self._rollout else None):
            if pid_file is not None:
                pid_file.forget()

    def _use_log_of(self, crew: Crew) -> None:
        self._log = crew.log
        faulthandler.enable(self._log.file.fd)
        self._launch.errors_to(self._log.file.fd)

    # --- what happens ---

    def _caught(self, number: signal.Signals) -> None:
        getattr(self, f"_handle_{number.name.removeprefix('SIG').lower()}")()

    def _want(self, renewal: Renewal | None) -> None:
        self._wanted = max(filter(None, (self._wanted, renewal)), default=None)

    def _handle_hup(self) -> None:
        if self._on_terminal and not os.isatty(0):
            # The terminal has been closed: nobody would be there to stop the server.
            self._handle_term()
        else:
            self._want(Renewal.RELOAD)

    def _handle_usr1(self) -> None:
        self._want(Renewal.RELOAD)

    def _handle_usr2(self) -> None:
        """Who looks for what hangs asks the process whose number is in the pid file; the workers answer."""
        for member in self._workforce:
            member.ask_for_stacks()

    def _handle_term(self) -> None:
        self._leave("stopping", 0)
        for member in self._workforce:
            member.dismiss()

    _handle_int = _handle_term

    def _handle_quit(self) -> None:
        seconds = self._supervisor.crew.settings[GRACEFUL_SHUTDOWN_TIMEOUT] or float("inf")
        self._leave("stopping gracefully", seconds)
        for member in self._workforce:
            member.send_home()
        # Another server may start while the last connections are served.
        self._drop_pid_file()

    def _handle_winch(self) -> None:
        # A terminal sends it, too, when its window changes size.
        if not self._on_terminal:
            self._handle_quit()

    def _handle_chld(self) -> None:
        for burial in self._workforce.bury():
            if self._rollout is not None and burial.member.crew is self._rollout.crew:
                self._roll_back(self._rollout, cause(burial))
            else:
                self._supervisor.lost(burial)

    def _said(self, member: Member, message: str) -> None:
        word, _, rest = message.partition(" ")
        if word == "failed":
            member.reason = rest
        elif word == "spent":
            member.spent = True
        elif word == "ready" and member.stage is Stage.STARTING:
            member.stage = Stage.SERVING
            self._supervisor.ready(member)
            if self._rollout is not None and self._rollout.complete(self._workforce):
                self._commit(self._rollout)

    def _asked(self, question: str, answer: Answer) -> None:
        if question == "counters":
            answer(
                "\n".join(
                    ("ok", *(f"{name} {total}" for name, total in self._workforce.board.counters().items()))
                )
            )
            return
        if question != "reload" or self._stopping:
            answer(f"refused\n{_STOPPING if self._stopping else 'what is asked is not understood'}")
            return
        self._want(Renewal.RELOAD)
        self._askers.append(answer)

    # --- transactions ---

    def _renew(self, renewal: Renewal) -> None:
        answers, self._askers = self._askers, []
        self._wanted = None
        self._notify(systemd.notify_reloading)
        try:
            configuration, source = self._source_of(renewal)
            rollout = self._rollout = Rollout(muster(configuration, source, self._crew), answers=answers)
        except ConfigError as error:
            self._refuse(answers, str(error))
        except Exception:  # noqa: BLE001 - a module's mistake is no reason to end what works
            self._log.exception("a mistake in the program stopped the reload")
            self._refuse(
                answers, "a mistake in the program stopped the reload; the error log has the traceback"
            )
        else:
            self._roll_out(rollout)

    def _source_of(self, renewal: Renewal) -> tuple[Configuration, ModuleSource]:
        """What the next crew is made from. Raises ConfigError."""
        if renewal is Renewal.SAME and self._crew is not None:
            return self._crew.generation.configuration, self._crew.source
        return self._read()

    def _roll_out(self, rollout: Rollout) -> None:
        path = pid_file_path(rollout.crew.generation.configuration)
        try:
            if self._pid_file is None or not self._pid_file.is_at(path):
                rollout.pid_file = self._claim(path)
            self._maintenance.begin(rollout.crew.generation)
            rollout.hire(self._workforce)
        except (PidFileError, OSError, RuntimeError) as error:
            self._roll_back(rollout, (error.strerror if isinstance(error, OSError) else "") or str(error))

    def _commit(self, rollout: Rollout) -> None:
        earlier, self._crew, self._rollout = self._crew, rollout.crew, None
        if rollout.pid_file is not None:
            self._drop_pid_file()
            self._pid_file = rollout.pid_file
        self._supervisor.take_over(rollout.crew)
        self._use_log_of(rollout.crew)
        self._log.write(Level.NOTICE, f"ready: {rollout.crew}")
        self._maintenance.settle(rollout.crew.generation)
        if earlier is None:
            self._launch.ready()
        else:
            self._retire(earlier, rollout.crew)
        self._notify(systemd.notify_ready, str(rollout.crew))
        rollout.answer(f"ok\ngeneration {rollout.crew.generation.number}")

    def _retire(self, crew: Crew, successor: Crew) -> None:
        for member in self._workforce.of(crew):
            member.send_home()
        crew.close_sockets(successor)
        self._leaving.append(crew)

    def _undo(self, rollout: Rollout) -> None:
        self._rollout = None
        rollout.undo(self._workforce, self._crew)
        self._leaving.append(rollout.crew)

    def _roll_back(self, rollout: Rollout, reason: str) -> None:
        self._undo(rollout)
        if self._crew is not None:
            self._refuse(rollout.answers, reason)
            return
        self._log.write(Level.CRIT, f"the start failed: {reason}")
        self._failure, self._stopping = reason, True
        self._kills_at = time.monotonic() + _LAST_ORDERS

    def _refuse(self, answers: Sequence[Answer], reason: str) -> None:
        """A reload has failed, and nothing has changed."""
        self._log.write(
            Level.ERROR, "reload refused, everything stays as it was:", detail=reason.splitlines()
        )
        if self._crew is not None:
            self._maintenance.settle(self._crew.generation, reason)
        self._notify(systemd.notify_ready, f"reload refused: {reason.splitlines()[0]}")
        for answer in answers:
            answer(f"refused\n{reason}")

    def _leave(self, how: str, seconds: float) -> None:
        """Begin to end, in `seconds` at the latest; a later call may shorten the time."""
        self._kills_at = time.monotonic() + seconds + _LAST_ORDERS
        if self._stopping:
            return
        self._log.write(Level.NOTICE, how)
        self._notify(systemd.notify_stopping, how)
        self._stopping = True
        if self._rollout is not None:
            self._askers += self._rollout.answers
            self._undo(self._rollout)
        for answer in self._askers:
            answer(f"refused\n{_STOPPING}")
        if self._crew is not None:
            self._crew.close_sockets(None)

    def _notify(self, note: Callable[..., None], *arguments: str) -> None:
        try:
            note(*arguments)
        except OSError as error:
            self._log.write(Level.WARN, f"systemd was not told: {error.strerror}")
