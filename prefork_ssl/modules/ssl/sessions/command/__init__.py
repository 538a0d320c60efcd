"""prefork-ssl-cache: shows what is in the session cache, and clears it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from prefork_ssl.config.errors import ConfigError
from prefork_ssl.modules.ssl.sessions.command import showing
from prefork_ssl.modules.ssl.sessions.command.contents import CommandError, open_contents
from prefork_ssl.modules.ssl.sessions.command.server import Server

_DESCRIPTION = "Show or clear the session cache of a server (SSLSessionCache)."
_EXAMPLES = """\
examples:
  prefork-ssl-cache stat
  prefork-ssl-cache -d /srv/www -f conf/prefork_ssl.conf list
  prefork-ssl-cache purge            all clients need a full handshake the next time
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 1 if it could not be done."""
    args = _parser().parse_args(arguments)
    try:
        server = Server.read(args.directory.absolute(), args.file, dict(args.defines))
        args.run(server, args)
    except (CommandError, ConfigError) as error:
        print(f"prefork-ssl-cache: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever was to read it has seen enough.
        sys.stderr.close()
        return 1
    return 0


def _stat(server: Server, args: argparse.Namespace) -> None:
    counters = server.counters()
    showing.show_facts(server.cache_name, open_contents(server).extent(), counters, as_json=args.json)


def _list(server: Server, args: argparse.Namespace) -> None:
    showing.show_sessions(open_contents(server).sessions(), as_json=args.json)


def _purge(server: Server, _args: argparse.Namespace) -> None:
    count = open_contents(server).purge()
    print(f"{count} session{'s' * (count != 1)} removed")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="prefork-ssl-cache",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-d",
        dest="directory",
        type=Path,
        default=Path("/etc/prefork_ssl"),
        metavar="DIRECTORY",
        help="ServerRoot until the configuration says otherwise (default: /etc/prefork_ssl)",
    )
    parser.add_argument(
        "-f",
        dest="file",
        type=Path,
        default=Path("prefork_ssl.conf"),
        metavar="FILE",
        help="the configuration, relative to ServerRoot (default: prefork_ssl.conf)",
    )
    parser.add_argument(
        "-D",
        dest="defines",
        type=_definition,
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a name for <IfDefine> and ${NAME}, as prefork-ssl -D sets it",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    stat = commands.add_parser("stat", help="how much is in it, and what the running server has counted")
    stat.set_defaults(run=_stat)
    lines = commands.add_parser("list", help="each session: id, host, protocol, when it expires; no secrets")
    lines.set_defaults(run=_list)
    for each in (stat, lines):
        each.add_argument("--json", action="store_true", help="for machines")
    purge = commands.add_parser("purge", help="remove all sessions")
    purge.set_defaults(run=_purge)
    return parser


def _definition(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not name:
        raise argparse.ArgumentTypeError("must be NAME or NAME=VALUE")
    return name, value
