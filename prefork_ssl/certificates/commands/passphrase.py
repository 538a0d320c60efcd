"""`passphrase`: another pass phrase for a key, or none."""

import argparse

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.storage import files, reading


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--key", "the key as it is")
    options.add_file(
        parser, "--out", "where the key goes (PEM, mode 0600); with --force it may be the same file"
    )
    options.add_passphrase(parser, "the present pass phrase")
    options.add_passphrase(parser, "the new pass phrase", prefix="new-", without="--remove")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write the key again under the new pass phrase."""
    files.require_writable(args.out, force=args.force)
    key = reading.private_key(args.key, args.passphrase)
    pem = keys.to_pem(key, args.new_passphrase.new(str(args.out)))
    files.publish(files.Output(args.out, pem, files.PRIVATE, args.force))


COMMAND = Command(
    name="passphrase",
    purpose="set, change or remove the pass phrase of a private key",
    example="--key server.key --out server-open.key --remove",
    add_options=add_options,
    run=run,
)
