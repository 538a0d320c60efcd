"""`sign`: issue a certificate for a request with a CA of one's own."""

import argparse

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import authority, index, issue, profiles, signing_requests
from prefork_ssl.certificates.naming import names, subjects
from prefork_ssl.certificates.storage import files, reading
from prefork_ssl.certificates.terminal import interview


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(
        parser, "--ca-cert", "the CA's certificate; the index of what it issued is kept beside it"
    )
    options.add_file(parser, "--ca-key", "the CA's key")
    options.add_file(parser, "--request", "the certificate signing request")
    options.add_file(parser, "--out", "where the certificate goes (PEM)")
    options.add_days(parser, 365)
    parser.add_argument(
        "--profile",
        choices=profiles.SIGNED,
        default=profiles.SERVER.name,
        help="what the certificate is for (default: server)",
    )
    options.add_alternative_names(parser, "names instead of those that the request asks for")
    parser.add_argument("--yes", action="store_true", help="sign without asking, also on a terminal")
    options.add_passphrase(parser, "the CA key's pass phrase")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Show what is asked for, then write the certificate and note it in the CA's index."""
    files.require_writable(args.out, force=args.force)
    request = reading.request(args.request)
    holder = signing_requests.holder(request, names.alternative_names(args.san), args.request)
    ca = authority.read(args.ca_cert, args.ca_key, args.passphrase)
    _show(holder, args.profile)
    _confirm(args)
    certificate = authority.sign(ca, holder, profiles.SIGNED[args.profile], args.days)
    with index.locked(args.ca_cert) as issued:
        issued.add(certificate)
        files.publish(
            files.Output(args.out, certificate.public_bytes(Encoding.PEM), files.PUBLIC, args.force),
            issued.output(index.path_beside(args.ca_cert)),
        )
    print(f"{args.out}: valid until {certificate.not_valid_after_utc:%Y-%m-%d}")


def _show(holder: issue.Holder, profile: str) -> None:
    print(f"Subject: {subjects.readable(holder.subject)}")
    print(f"Names:   {names.listing(holder.names)}")
    print(f"Profile: {profile}", flush=True)


def _confirm(args: argparse.Namespace) -> None:
    if interview.is_possible() and not args.yes and not interview.confirm("Sign this?"):
        raise CertificateError("not signed")


COMMAND = Command(
    name="sign",
    purpose="sign a request with your CA",
    example="--ca-cert ca.crt --ca-key ca.key --request server.csr --out server.crt",
    add_options=add_options,
    run=run,
)
