"""`key`: a private key for a real certificate."""

import argparse

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.storage import files


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--out", "where the key goes (PEM, mode 0600)")
    options.add_key_type(parser)
    options.add_bits(parser)
    options.add_passphrase(parser, "the new key's pass phrase", without="--no-passphrase")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a new key."""
    files.require_writable(args.out, force=args.force)
    key = keys.generate(args.type, args.bits)
    pem = keys.to_pem(key, args.passphrase.new(str(args.out)))
    files.publish(files.Output(args.out, pem, files.PRIVATE, args.force))


COMMAND = Command(
    name="key",
    purpose="make a private key",
    example="--out server.key --type rsa --bits 3072",
    add_options=add_options,
    run=run,
)
