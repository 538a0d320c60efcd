"""The command line: httpd's flags."""

from __future__ import annotations

import getopt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from prefork_ssl.kernel.log.levels import Level

SERVER_ROOT = Path("/etc/prefork_ssl")
CONFIGURATION_FILE = Path("prefork_ssl.conf")
ACTIONS = ("start", "stop", "restart", "graceful", "graceful-stop", "status")

USAGE = f"""\
Usage: prefork-ssl [-d directory] [-f file] [-C directive] [-c directive] [-D name[=value]] ...
                   [-e level] [-E file] [-X] [-T] [-k {"|".join(ACTIONS)}]
       prefork-ssl [-d directory] [-f file] ... -t | -S | -M
       prefork-ssl -v | -V | -L | -l | -h

  -d directory       ServerRoot until the configuration says otherwise (default {SERVER_ROOT})
  -f file            the configuration, relative to ServerRoot (default {CONFIGURATION_FILE})
  -C directive       a line to read before the configuration
  -c directive       a line to read after it
  -D name[=value]    sets a name for <IfDefine> and ${{name}}; -D FOREGROUND does not go to the background
  -k start           starts the server (the default), and returns when it serves
  -k stop            stops it, and returns when it has ended
  -k restart         makes it read its configuration anew; exits with 1 and the reason if it refuses
  -k graceful        the same: no request is dropped by either
  -k graceful-stop   stops it when all requests that are under way are finished
  -k status          tells whether it runs, with LSB's exit statuses
  -X                 one process in the foreground, for debuggers
  -e level           shows what happens during the start, down to this level
  -E file            writes what is said during the start to a file
  -T                 does not ask whether DocumentRoots exist, neither now nor when the configuration is read anew
  -t                 checks the configuration, or shows a part of it: with -D DUMP_VHOSTS, DUMP_RUN_CFG, DUMP_MODULES,
                     DUMP_INCLUDES, and those of modules, such as DUMP_CERTS
  -S                 the same as -t -D DUMP_VHOSTS -D DUMP_RUN_CFG
  -M                 the same as -t -D DUMP_MODULES
  -v, -V             shows the version; all versions and settings
  -L                 lists all directives
  -l                 lists what is always loaded
  -h                 shows this
"""


class UsageError(Exception):
    """The command line makes no sense. The message is one line."""


@dataclass(slots=True)
class Flags:
    """What the command line says. Paths are absolute."""

    server_root: Path = SERVER_ROOT
    file: Path = CONFIGURATION_FILE
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)
    action: str = "start"
    level: Level = Level.WARN
    error_file: Path | None = None
    one_process: bool = False
    any_document_root: bool = False
    show: str = ""  # one of t v V L l h: show something instead of acting

    @property
    def foreground(self) -> bool:
        """Whether to stay in the foreground."""
        return bool(self.defines.keys() & {"FOREGROUND", "NO_DETACH"})


def parse(arguments: Sequence[str]) -> Flags:
    """The flags of a command line (without the program's name). Raises UsageError."""
    try:
        options, rest = getopt.getopt(list(arguments), "d:f:C:c:D:e:E:k:XTtSMvVLlh?")
    except getopt.GetoptError as error:
        raise UsageError(str(error)) from None
    if rest:
        raise UsageError(f"{rest[0]!r} is not a flag")
    flags = Flags()
    for option, value in options:
        _apply(flags, option[1], value)
    flags.server_root = Path.cwd() / flags.server_root
    flags.file = flags.server_root / flags.file
    flags.one_process |= bool(flags.defines.keys() & {"ONE_PROCESS", "DEBUG"})
    return flags


def _apply(flags: Flags, option: str, value: str) -> None:
    match option:
        case "d":
            flags.server_root = Path(value)
        case "f":
            flags.file = Path(value)
        case "C":
            flags.before.append(value)
        case "c":
            flags.after.append(value)
        case "D":
            _define(flags, value)
        case "e":
            flags.level = _level(value)
        case "E":
            flags.error_file = Path.cwd() / value
        case "k":
            if value not in ACTIONS:
                raise UsageError(f"-k takes {', '.join(ACTIONS)}, not {value!r}")
            flags.action = value
        case "X":
            flags.one_process = True
        case "T":
            flags.any_document_root = True
        case "S":
            flags.defines |= {"DUMP_VHOSTS": "", "DUMP_RUN_CFG": ""}
            flags.show = "t"
        case "M":
            flags.defines |= {"DUMP_MODULES": ""}
            flags.show = "t"
        case "?":
            flags.show = "h"
        case _:
            flags.show = option


def _define(flags: Flags, text: str) -> None:
    name, _, value = text.partition("=")
    if not name:
        raise UsageError("-D needs a name")
    flags.defines[name] = value


def _level(name: str) -> Level:
    try:
        return Level[name.upper()]
    except KeyError:
        levels = ", ".join(level.lower() for level in Level.__members__)
        raise UsageError(f"-e takes a level: {levels}") from None
