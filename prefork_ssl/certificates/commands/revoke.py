"""`revoke`: note in a CA's index that a certificate is no longer good."""

import argparse
from pathlib import Path

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.issuing import index, issue, revocation
from prefork_ssl.certificates.storage import files, reading


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--ca-cert", "the CA's certificate; the index of what it issued is beside it")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--cert", type=Path, metavar="FILE", help="the certificate")
    which.add_argument(
        "--serial", type=options.hexadecimal, metavar="HEX", help="its serial number, if the file is lost"
    )
    parser.add_argument(
        "--reason", choices=index.REASONS, default="unspecified", help="why (default: unspecified)"
    )


def run(args: argparse.Namespace) -> None:
    """Mark the certificate as revoked in the index; a new CRL then tells the servers."""
    with index.locked(args.ca_cert) as issued:
        serial_number = _from_file(args, issued) if args.cert else args.serial
        entry = issued.revoke(serial_number, index.Revocation(issue.now(), args.reason))
        files.publish(issued.output(index.path_beside(args.ca_cert)))
    print(f"Revoked: {entry.subject}, serial number {entry.serial_number:X}. Now write a new CRL with crl.")


def _from_file(args: argparse.Namespace, issued: index.Index) -> int:
    """The serial number of the certificate, which the index learns of if it was issued by other means."""
    certificate = reading.certificate(args.cert)
    revocation.require_issued_by(certificate, reading.certificate(args.ca_cert))
    if certificate.serial_number not in issued:
        issued.add(certificate)
    return certificate.serial_number


COMMAND = Command(
    name="revoke",
    purpose="revoke a certificate of your CA",
    example="--ca-cert ca.crt --cert server.crt --reason keyCompromise",
    add_options=add_options,
    run=run,
)
