"""`ca`: a CA of one's own, for servers and clients that one controls."""

import argparse

from cryptography.hazmat.primitives.serialization import Encoding

from .. import files, issue, keys, profiles, reading, subjects
from ..errors import CertificateError
from . import options
from .command import Command


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--cert", "where the CA's certificate goes (PEM)")
    options.add_file(
        parser, "--key", "the CA's key; made if there is none (PEM, mode 0600), never overwritten"
    )
    options.add_subject(parser, required=True)
    options.add_days(parser, 3650)
    options.add_key_type(parser)
    options.add_bits(parser)
    options.add_passphrase(parser, "the key's pass phrase", without="--no-passphrase")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a self-signed CA certificate, and its key if that is new."""
    files.refuse_existing(args.cert, force=args.force)
    subject = subjects.parse(args.subject)
    if not subject.rdns:
        raise CertificateError("a CA needs a subject")
    validity = issue.valid_for(args.days)
    key, new_key = _key(args)
    certificate = issue.self_signed(subject, key, [], profiles.ROOT_CA, validity)
    pem = certificate.public_bytes(Encoding.PEM)
    files.publish(*new_key, files.Output(args.cert, pem, files.PUBLIC, args.force))
    print(f"{args.cert}: the CA {subjects.readable(subject)}, valid until {validity.end:%Y-%m-%d}")


def _key(args: argparse.Namespace) -> tuple[keys.PrivateKey, list[files.Output]]:
    """The key, and the file to write if it is a new one."""
    if args.key.exists():
        return reading.signing_key(args.key, args.passphrase), []
    key = keys.generate(args.type, args.bits)
    pem = keys.to_pem(key, args.passphrase.new(str(args.key)))
    return key, [files.Output(args.key, pem, files.PRIVATE, force=False)]


COMMAND = Command(
    name="ca",
    purpose="make a CA of your own",
    example="--cert ca.crt --key ca.key --subject '/O=Example/CN=Example CA'",
    add_options=add_options,
    run=run,
)
