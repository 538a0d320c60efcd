"""-X: one process serves in the foreground, without a master and without forking: a debugger sees everything."""

from __future__ import annotations

import pdb  # noqa: F401 - whoever gives up root may not be able to read it any more when a breakpoint is reached
import signal
from contextlib import suppress

from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.process.channel import Channel
from prefork_ssl.kernel.process.crew import Crew
from prefork_ssl.kernel.process.maintenance import Maintenance
from prefork_ssl.kernel.process.master import TICK, pid_file_path
from prefork_ssl.kernel.process.pidfile import PidFileError, claim
from prefork_ssl.kernel.process.privileges import become
from prefork_ssl.kernel.process.scoreboard import Scoreboard
from prefork_ssl.kernel.process.worker import Worker


def serve_alone(crew: Crew) -> int:
    """Serve until SIGTERM, or Ctrl-C. Returns the exit status. Raises PidFileError, OSError."""
    pid_file = claim(pid_file_path(crew.generation.configuration))
    try:
        maintenance = Maintenance()
        maintenance.begin_alone(crew.generation)
        if crew.identity is not None:
            become(crew.identity)
        # Who sits in a debugger shows no life for a while.
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)
        slot = Scoreboard(1).slots[0]
        # The master's end stays open for as long as this runs: the worker never finds itself orphaned.
        _master, channel = Channel.pair()
        worker = Worker(crew, 1, slot, channel)
        ticks = worker.loop.timer(TICK, TICK)
        ticks.start(_look_after_programs, crew.generation, maintenance)
        worker.run()
    except KeyboardInterrupt:
        pass  # that is how it is meant to end
    finally:
        crew.generation.logs.flush()
        # Who has given up root may not be allowed to; the next start finds that nobody holds the file any more.
        with suppress(PidFileError):
            pid_file.remove()
    return 0


def _look_after_programs(generation: Generation, maintenance: Maintenance) -> None:
    """Programs beside the server may end here as well as under a master."""
    generation.logs.tend()
    maintenance.tend(generation)
