"""The program prefork-ssl-cert."""

import argparse
import sys
from collections.abc import Sequence

from .commands import ca, crl, dummy, key, match, passphrase, request, revoke, sign
from .errors import CertificateError

PROGRAM = "prefork-ssl-cert"

_COMMANDS = tuple(
    family.COMMAND for family in (dummy, key, request, ca, sign, revoke, crl, passphrase, match)
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `arguments` are those of the process by default.

    Returns:
        The exit status: 0 done, 1 not done (one line on standard error says why). argparse exits with 2.
    """
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
    except (CertificateError, OSError) as error:
        print(f"{PROGRAM}: {_one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{PROGRAM}: interrupted", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Keys, requests, certificates and an own CA, each one command.",
        epilog=f"{PROGRAM} COMMAND --help explains a command and gives an example.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in _COMMANDS:
        subparser = subparsers.add_parser(
            command.name,
            help=command.purpose,
            description=command.purpose[0].upper() + command.purpose[1:] + ".",
            epilog=f"Example:\n  {PROGRAM} {command.name} {command.example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_options(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
