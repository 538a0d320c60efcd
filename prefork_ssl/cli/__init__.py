"""prefork-ssl: httpd's flags, each one call into the package."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from prefork_ssl.cli import about
from prefork_ssl.cli.failure import Failure
from prefork_ssl.cli.flags import USAGE, Flags, UsageError, parse
from prefork_ssl.cli.notes import write_errors_to
from prefork_ssl.config.errors import ConfigError
from prefork_ssl.kernel.process.control import ControlError
from prefork_ssl.kernel.process.pidfile import PidFileError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status: 0, or 1 with the reason on standard error."""
    try:
        flags = parse(sys.argv[1:] if arguments is None else arguments)
        if flags.error_file is not None:
            write_errors_to(flags.error_file)
        return _run(flags)
    except UsageError as error:
        print(f"prefork-ssl: {error}\n{USAGE}", end="", file=sys.stderr)
    except (ConfigError, ControlError, Failure, PidFileError) as error:
        for line in str(error).splitlines():
            print(f"prefork-ssl: {line}", file=sys.stderr)
    except KeyboardInterrupt:
        print("prefork-ssl: interrupted", file=sys.stderr)
    return 1


def _run(flags: Flags) -> int:
    if flags.show == "t":
        return _check(flags)
    if flags.show:
        return _say(_SHOWN[flags.show]())
    from prefork_ssl.cli.actions import ACTIONS

    return ACTIONS[flags.action](flags)


def _check(flags: Flags) -> int:
    """-t: is the configuration right? With -D DUMP_..., show a part of it instead."""
    from prefork_ssl.cli.dumps import requested
    from prefork_ssl.cli.reading import check, examine

    configuration, modules = check(flags)
    lines = list(requested(configuration, modules, flags.defines))
    if lines:
        return _say(lines)
    for warning in examine(configuration, modules):
        print(f"prefork-ssl: {warning}", file=sys.stderr)
    print("Syntax OK", file=sys.stderr)
    return 0


def _say(lines: Iterable[str]) -> int:
    try:
        for line in lines:
            print(line.encode(errors="surrogateescape").decode(errors="backslashreplace"))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough. What is still buffered must not complain once more at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _usage() -> Iterator[str]:
    yield USAGE


_SHOWN: Mapping[str, Callable[[], Iterator[str]]] = {
    "v": about.short_version,
    "V": about.long_version,
    "L": about.directives,
    "l": about.built_in,
    "h": _usage,
}
