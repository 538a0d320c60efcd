"""`rehash`: the hashed links in a directory of CA certificates or CRLs."""

import argparse
import sys
from pathlib import Path

from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.storage import rehash


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="the directory")


def run(args: argparse.Namespace) -> None:
    """Make the links that are missing, and remove those that are dead or wrong."""
    report = rehash.rehash(args.directory)
    for reason in report.skipped:
        print(f"Passed over: {reason}", file=sys.stderr)
    for link, name in report.links.items():
        print(f"{link} -> {name}")
    for link in report.removed:
        print(f"{link} removed")


COMMAND = Command(
    name="rehash",
    purpose="make the links by which OpenSSL finds the certificates and CRLs of a directory",
    example="conf/ssl.crt",
    add_options=add_options,
    run=run,
)
