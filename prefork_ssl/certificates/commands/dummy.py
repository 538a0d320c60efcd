"""`dummy`: a certificate for testing, so that a server can start on https before it has a real one."""

import argparse

from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.issuing import issue, profiles
from prefork_ssl.certificates.naming import names, subjects
from prefork_ssl.certificates.storage import files


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--cert", "where the certificate goes (PEM)")
    options.add_file(parser, "--key", "where the key goes (PEM, mode 0600, not encrypted)")
    options.add_hosts(parser)
    options.add_days(parser, 30)
    options.add_key_type(parser, ("ec", "rsa"))
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a new key and a certificate that it signs itself."""
    hosts = [names.host(host) for host in args.hosts]
    key = keys.generate(args.type)
    subject = subjects.common_name(str(hosts[0].value))
    certificate = issue.self_signed(subject, key, hosts, profiles.SERVER, issue.valid_for(args.days))
    files.publish(
        files.Output(args.key, keys.to_pem(key, None), files.PRIVATE, args.force),
        files.Output(args.cert, certificate.public_bytes(Encoding.PEM), files.PUBLIC, args.force),
    )


COMMAND = Command(
    name="dummy",
    purpose="make a self-signed certificate and an unencrypted key for testing",
    example="--cert server.crt --key server.key --host localhost --host 127.0.0.1",
    add_options=add_options,
    run=run,
)
