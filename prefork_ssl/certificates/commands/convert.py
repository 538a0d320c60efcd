"""`convert`: from any form to PEM, DER or PKCS#12."""

import argparse
from pathlib import Path

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.storage import files, formats, reading
from prefork_ssl.certificates.terminal import passphrases


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--in",
        dest="sources",
        type=Path,
        nargs="+",
        action="extend",
        required=True,
        metavar="FILE",
        help="what to convert; several files are put together (a certificate, its chain and its key)",
    )
    options.add_file(parser, "--out", "where the result goes (mode 0600 if it has a private key)")
    parser.add_argument("--to", choices=formats.WRITERS, required=True, help="the form of the result")
    options.add_passphrase(parser, "the pass phrase of what is read")
    options.add_passphrase(
        parser, "the pass phrase of the result (default: the same)", prefix="new-", without="--no-passphrase"
    )
    parser.set_defaults(new_passphrase=None)
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write what the files hold, in another form."""
    files.require_writable(args.out, force=args.force)
    contents = reading.Contents()
    for source in args.sources:
        contents += reading.contents(source, args.passphrase)
    data = formats.WRITERS[args.to](contents, _phrase(args, contents))
    files.publish(files.Output(args.out, data, files.PRIVATE if contents.keys else files.PUBLIC, args.force))


def _phrase(args: argparse.Namespace, contents: reading.Contents) -> bytes | None:
    """The pass phrase of the result: as the options say, else as it was, else for PKCS#12 with a key a new one."""
    source: passphrases.Source | None = args.new_passphrase
    if source is not None:
        return source.new(str(args.out))
    if contents.phrase is None and args.to == "pkcs12" and contents.keys:
        return passphrases.Terminal().new(str(args.out))
    return contents.phrase


COMMAND = Command(
    name="convert",
    purpose="convert keys, certificates, requests and CRLs to PEM, DER or PKCS#12",
    example="--in server.crt server.key --out server.p12 --to pkcs12",
    add_options=add_options,
    run=run,
)
