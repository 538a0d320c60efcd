"""The program prefork-ssl-cert."""

import argparse
import io
import os
import sys
import warnings
from collections.abc import Sequence

from cryptography.utils import CryptographyDeprecationWarning

from prefork_ssl.certificates.commands import ALL
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.text import printable

PROGRAM = "prefork-ssl-cert"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; `arguments` are those of the process by default.

    Returns:
        The exit status: 0 done, 1 not done (one line on standard error says why). argparse exits with 2.
    """
    _prepare_output()
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        return _output_is_gone()
    except (CertificateError, OSError) as error:
        return _fail(_reason(error))
    except KeyboardInterrupt:
        return _fail("interrupted")
    return 0


def _prepare_output() -> None:
    # What the library would rather not read any more, such as roots with odd serial numbers, is read here.
    warnings.simplefilter("ignore", CryptographyDeprecationWarning)
    # A terminal that cannot show a name shows its code points.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _output_is_gone() -> int:
    """Whoever read the output has gone, as head does; Python, which would complain at its end, writes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Keys, requests, certificates and an own CA, each one command.",
        epilog=f"{PROGRAM} COMMAND --help explains a command and gives an example.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in ALL:
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


def _reason(error: CertificateError | OSError) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _fail(reason: str) -> int:
    print(f"{PROGRAM}: {printable(' '.join(reason.split()))}", file=sys.stderr)
    return 1
