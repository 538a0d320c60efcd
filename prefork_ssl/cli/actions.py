"""-k: start, stop, restart, graceful, graceful-stop, status. Each returns the exit status; what fails raises.

A server that is not running is no reason for stop to fail, nor one that is running for start (as httpd has it).
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from setproctitle import setproctitle

from prefork_ssl.cli.failure import Failure
from prefork_ssl.cli.flags import Flags
from prefork_ssl.cli.notes import Notes
from prefork_ssl.cli.reading import find_pid_file, read
from prefork_ssl.cli.running import find, send
from prefork_ssl.kernel.directives import LISTEN_BACKLOG
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.process.alone import serve_alone
from prefork_ssl.kernel.process.control import ask
from prefork_ssl.kernel.process.crew import Crew, muster
from prefork_ssl.kernel.process.daemon import Foreground, detach
from prefork_ssl.kernel.process.listeners import adopt, close_unused, shown
from prefork_ssl.kernel.process.master import Master, pid_file_path
from prefork_ssl.kernel.process.pidfile import Found, State
from prefork_ssl.kernel.process.systemd import adopted_sockets


def start(flags: Flags) -> int:
    """Start the server; return when it serves, or, in the foreground, when it has ended."""
    # While the environment is still whole: the title takes its place.
    setproctitle("prefork_ssl: starting")
    return _prepared(flags, Notes(flags.level))()


def _prepared(flags: Flags, notes: Notes) -> Callable[[], int]:
    """Make everything ready; returns what is left to do. By then the first crew is the master's alone, which will let
    go of it as of any other."""
    configuration, loader = read(flags)
    notes.write(Level.INFO, f"configuration read from {', '.join(map(str, configuration.files))}")
    found = find(pid_file_path(configuration))
    if found.state is State.RUNNING:
        print(f"prefork-ssl (pid {found.pid}) already running")
        return lambda: 0
    adopted = adopt(adopted_sockets(), configuration.server.settings[LISTEN_BACKLOG])
    crew = muster(configuration, loader, None, adopted)
    _close_strangers(adopted, crew, notes)
    notes.write(Level.INFO, f"prepared: {crew}")
    if flags.one_process:
        return partial(serve_alone, crew)
    launch = Foreground() if flags.foreground else detach()
    return Master(crew, partial(read, flags), launch).run


def _close_strangers(adopted: Sequence[socket.socket], crew: Crew, notes: Notes) -> None:
    for sock in set(adopted) - set(crew.sockets):
        address = shown(*sock.getsockname()[:2])
        notes.write(Level.WARN, f"systemd opened {address}, which no Listen line asks for: it is closed")
    close_unused(adopted, crew.sockets)


def stop(flags: Flags) -> int:
    """Stop the server, and return when it has ended."""
    return _tell_stopped(send(find_pid_file(flags), signal.SIGTERM, wait=True))


def graceful_stop(flags: Flags) -> int:
    """Let the server finish what is under way and end; return at once."""
    return _tell_stopped(send(find_pid_file(flags), signal.SIGQUIT, wait=False))


def _tell_stopped(found: Found) -> int:
    if found.state is State.ABSENT:
        print("prefork-ssl (no pid file) not running")
    elif found.state is State.STALE:
        print(f"prefork-ssl (pid {found.pid}?) not running")
    return 0


def restart(flags: Flags) -> int:
    """Let the server read its configuration anew, and tell how that went; start it if it is not running."""
    found = find(find_pid_file(flags))
    if found.state is not State.RUNNING:
        print("prefork-ssl not running, trying to start")
        return start(flags)
    outcome, _, rest = ask(found.pid, "reload").partition("\n")
    if outcome != "ok":
        raise Failure(rest)
    print(f"prefork-ssl (pid {found.pid}) restarted: {rest}")
    return 0


def status(flags: Flags) -> int:
    """Tell whether the server runs; the exit statuses are those of LSB init scripts."""
    found = find(find_pid_file(flags))
    if found.state is State.RUNNING:
        print(f"prefork-ssl (pid {found.pid}) is running")
        return 0
    print("prefork-ssl is not running" + (", but its pid file is there" if found.pid else ""))
    return 1 if found.state is State.STALE else 3


ACTIONS: Mapping[str, Callable[[Flags], int]] = {
    "start": start,
    "stop": stop,
    "restart": restart,
    "graceful": restart,
    "graceful-stop": graceful_stop,
    "status": status,
}
