"""`ca`: a CA of one's own, for servers and clients that one controls."""

import argparse

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import issue, key_files, profiles
from prefork_ssl.certificates.naming import subjects
from prefork_ssl.certificates.storage import files


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
    files.require_writable(args.cert, force=args.force)
    subject = subjects.parse(args.subject)
    if not subject.rdns:
        raise CertificateError("a CA needs a subject")
    validity = issue.valid_for(args.days)
    kept = key_files.existing_or_new(
        args.key, args.passphrase, kind=args.type, bits=args.bits, protected_by=args.passphrase
    )
    certificate = issue.self_signed(subject, kept.key, [], profiles.ROOT_CA, validity)
    pem = certificate.public_bytes(Encoding.PEM)
    files.publish(*kept.outputs, files.Output(args.cert, pem, files.PUBLIC, args.force))
    print(f"{args.cert}: the CA {subjects.readable(subject)}, valid until {validity.end:%Y-%m-%d}")


COMMAND = Command(
    name="ca",
    purpose="make a CA of your own",
    example="--cert ca.crt --key ca.key --subject '/O=Example/CN=Example CA'",
    add_options=add_options,
    run=run,
)
