"""`crl`: the list of revoked certificates that a server reads (SSLCARevocationFile)."""

import argparse

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.issuing import authority, index, revocation
from prefork_ssl.certificates.storage import files


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--ca-cert", "the CA's certificate; the index of what it issued is beside it")
    options.add_file(parser, "--ca-key", "the CA's key")
    options.add_file(parser, "--out", "where the CRL goes (PEM)")
    options.add_days(parser, 30)
    options.add_passphrase(parser, "the CA key's pass phrase")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a CRL of all certificates that the index has as revoked."""
    files.require_writable(args.out, force=args.force)
    ca = authority.read(args.ca_cert, args.ca_key, args.passphrase)
    with index.locked(args.ca_cert) as issued:
        crl = revocation.crl(ca, issued, args.days)
    pem = crl.public_bytes(Encoding.PEM)
    files.publish(files.Output(args.out, pem, files.PUBLIC, args.force))
    print(f"{args.out}: {len(crl)} revoked, next update due by {crl.next_update_utc:%Y-%m-%d}")


COMMAND = Command(
    name="crl",
    purpose="write the revocation list of your CA",
    example="--ca-cert ca.crt --ca-key ca.key --out ca.crl --force",
    add_options=add_options,
    run=run,
)
