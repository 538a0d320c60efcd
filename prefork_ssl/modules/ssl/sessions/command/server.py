"""The server whose cache it is: its configuration, and its master, if it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prefork_ssl.config.build import read_configuration
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.directives import CORE_DIRECTIVES, PID_FILE
from prefork_ssl.kernel.loader import Loader
from prefork_ssl.kernel.process.control import ControlError, ask
from prefork_ssl.kernel.process.pidfile import PidFileError, State, look
from prefork_ssl.kernel.process.privileges import Identity, worker_identity
from prefork_ssl.modules.ssl.sessions.choices import Choice, MutexChoice
from prefork_ssl.modules.ssl.sessions.directives import SSL_MUTEX, SSL_SESSION_CACHE


@dataclass(frozen=True, slots=True)
class Server:
    """What its configuration says."""

    configuration: Configuration

    @classmethod
    def read(cls, server_root: Path, file: Path, defines: Mapping[str, str]) -> Server:
        """`server_root` is absolute, `file` is relative to it. Raises ConfigError."""
        return cls(
            read_configuration(
                server_root / file,
                server_root=server_root,
                core=CORE_DIRECTIVES,
                modules=Loader(),
                defines=defines,
            )
        )

    @property
    def cache(self) -> Choice:
        """SSLSessionCache."""
        return self.configuration.server.settings[SSL_SESSION_CACHE]

    @property
    def cache_name(self) -> str:
        """The same, for people."""
        return str(self.cache)

    @property
    def mutex(self) -> MutexChoice:
        """SSLMutex."""
        return self.configuration.server.settings[SSL_MUTEX]

    @property
    def workers(self) -> Identity | None:
        """Who its workers are; None if that is who runs this. Raises ConfigError."""
        return worker_identity(self.configuration.server.settings)

    def counters(self) -> Mapping[str, int] | None:
        """What its workers have counted about sessions; None if it does not run, or does not tell us."""
        path = Path(self.configuration.server_root, self.configuration.server.settings[PID_FILE])
        try:
            found = look(path)
            if found.state is not State.RUNNING:
                return None
            lines = ask(found.pid, "counters").splitlines()
        except (PidFileError, ControlError):
            return None
        totals = dict(line.split(" ") for line in lines[1:])
        return {
            name.removeprefix("ssl_session_"): int(total)
            for name, total in totals.items()
            if name.startswith("ssl_session_")
        }
