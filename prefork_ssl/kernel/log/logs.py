"""All logs of a generation: opened by the master before it gives up root, written to by the workers.

logs = Logs(configuration)          the error logs of all hosts are open
logs.open(target)                   a module's log file, the same object for the same target
logs.buffer(loop)                   a worker, as soon as it has its event loop
logs.moved(), logs.reopen(), logs.tend()    the master, about once a second
logs.flush(), logs.close()          before the process or the generation ends
"""

from __future__ import annotations

from pathlib import Path

from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.directives import ERROR_LOG, LOG_LEVEL
from prefork_ssl.kernel.log.error_log import ErrorLog
from prefork_ssl.kernel.log.files import LogFile, Loop, open_log_file
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.log.programs import LogProgram
from prefork_ssl.kernel.log.text import escape_item, escape_message

__all__ = ["ErrorLog", "Level", "LogFile", "Logs", "escape_item", "escape_message"]


class Logs:
    """The open logs. `server` is the error log of the main server; `files` are all log files by target."""

    def __init__(self, configuration: Configuration) -> None:
        """Raises ConfigError with every error log that cannot be opened."""
        self.files: dict[str, LogFile] = {}
        self._root = configuration.server_root
        self._hosts: dict[Host, ErrorLog] = {}
        problems: list[Problem] = []
        for host in configuration.all_hosts:
            try:
                self._hosts[host] = self._error_log(host)
            except ConfigError as error:
                problems += error.problems
        if problems:
            self.close()
            raise ConfigError(dict.fromkeys(problems))
        self.server = self._hosts[configuration.server]

    def for_host(self, host: Host) -> ErrorLog:
        """The error log of the virtual host."""
        return self._hosts[host]

    def open(self, target: str, origin: Origin | None = None) -> LogFile:
        """The log of `target`: a path (relative ones are below ServerRoot), or "|program arguments".

        `origin` is where the target was written. Raises ConfigError.
        """
        if not target.startswith("|"):
            target = str(Path(self._root, target))
        if target not in self.files:
            self.files[target] = self._opened(target, origin)
        return self.files[target]

    def buffer(self, loop: Loop) -> None:
        """From now on, write at the end of each turn of `loop`."""
        for file in self.files.values():
            file.buffer(loop)

    def unbuffer(self) -> None:
        """In a copy of the worker, without its loop: write at once."""
        for file in self.files.values():
            file.unbuffer()

    def moved(self) -> list[LogFile]:
        """The files that have gone from their path, because somebody rotates logs."""
        return [file for file in self.files.values() if file.moved()]

    def reopen(self, file: LogFile) -> int:
        """Open a moved file's path anew under the same descriptor number. Raises OSError.

        Returns a second descriptor of the new file, to hand to the workers (who dup2 it over `file.fd`); the caller
        closes it.
        """
        return file.reopen()

    def tend(self) -> None:
        """Start log programs again that have ended."""
        for file in self.files.values():
            if isinstance(file, LogProgram):
                file.tend()

    def flush(self) -> None:
        """Write what is still gathered."""
        for file in self.files.values():
            file.flush()

    def close(self) -> None:
        """Flush and close all; log programs read the end of their input."""
        for file in self.files.values():
            file.close()
        self.files.clear()

    def _error_log(self, host: Host) -> ErrorLog:
        file = self.open(host.settings[ERROR_LOG], host.settings.origin(ERROR_LOG))
        return ErrorLog(file, host.settings[LOG_LEVEL])

    def _opened(self, target: str, origin: Origin | None) -> LogFile:
        try:
            if target.startswith("|"):
                return LogProgram(target, self._report)
            return open_log_file(target, self._report)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                [Problem(f"cannot open log {target}: {why}", origin, _remedy(target, error))]
            ) from error

    def _report(self, message: str) -> None:
        self.server.write(Level.ERROR, message)


def _remedy(target: str, error: Exception) -> str:
    parent = Path(target).parent
    if isinstance(error, FileNotFoundError) and not target.startswith("|") and not parent.is_dir():
        return f"make the directory: mkdir -p {parent}"
    return ""
