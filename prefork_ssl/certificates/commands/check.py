"""`check`: a whole configuration with its keys and certificates, as the server would find them."""

import argparse
from pathlib import Path

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.showing import rendering


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("configuration", type=Path, metavar="CONFIG", help="the main configuration file")
    parser.add_argument(
        "--server-root",
        type=Path,
        default=Path("/etc/prefork_ssl"),
        metavar="DIR",
        help="ServerRoot until the configuration says otherwise (default: /etc/prefork_ssl)",
    )
    parser.add_argument(
        "--define",
        type=options.definition,
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="a name for <IfDefine> and ${NAME}, as prefork-ssl -D sets it",
    )


def run(args: argparse.Namespace) -> None:
    """Show a table of what is wrong; CertificateError if anything keeps the server from starting."""
    # The server's own packages are of no use to the other commands.
    from prefork_ssl.certificates.showing import configuration_check

    findings = configuration_check.check(
        args.configuration.absolute(), args.server_root.absolute(), dict(args.define)
    )
    rendering.show_findings(findings)
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        raise CertificateError(f"{args.configuration}: {errors} error{'s' if errors > 1 else ''}")
    print(f"{args.configuration}: the server can start with this")


COMMAND = Command(
    name="check",
    purpose="check a configuration with its keys and certificates",
    example="conf/prefork_ssl.conf --server-root .",
    add_options=add_options,
    run=run,
)
