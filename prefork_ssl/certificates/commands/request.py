"""`request`: a certificate signing request for a key, to be sent to a CA."""

import argparse
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import signing_requests
from prefork_ssl.certificates.naming import names, subjects
from prefork_ssl.certificates.storage import files, openssl_config, reading
from prefork_ssl.certificates.terminal import interview


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--key", "the private key that the certificate will be for")
    options.add_file(parser, "--out", "where the request goes (PEM)")
    options.add_subject(parser, required=False)
    options.add_alternative_names(
        parser, "what it shall be good for (default: the common name, if it is a host)"
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="an openssl.cnf with the subject and the names under [req]",
    )
    options.add_passphrase(parser, "the key's pass phrase")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a request; what is missing is asked for on a terminal."""
    files.require_writable(args.out, force=args.force)
    defaults = openssl_config.read(args.config) if args.config else openssl_config.RequestDefaults()
    key = reading.signing_key(args.key, args.passphrase)
    subject, alternative_names = _wanted(args, defaults)
    if not subject.rdns and not alternative_names:
        raise CertificateError("the request names nobody: give --subject or --san")
    request = signing_requests.make(subject, alternative_names, key)
    files.publish(files.Output(args.out, request.public_bytes(Encoding.PEM), files.PUBLIC, args.force))
    print(f"{args.out}: request for {subjects.readable(subject)}, names {names.listing(alternative_names)}")


def _wanted(
    args: argparse.Namespace, defaults: openssl_config.RequestDefaults
) -> tuple[x509.Name, list[x509.GeneralName]]:
    given = names.alternative_names(args.san or defaults.alternative_names)
    subject = _given_subject(args.subject, defaults)
    if subject is not None:
        return subject, given or _implied_names(subject)
    subject = interview.subject(defaults.subject)
    return subject, given or interview.alternative_names(_implied_names(subject))


def _given_subject(text: str | None, defaults: openssl_config.RequestDefaults) -> x509.Name | None:
    """The subject, or None if a person is to be asked."""
    if text is not None:
        return subjects.parse(text)
    if interview.is_possible() and not defaults.final:
        return None
    if not defaults.subject:
        raise CertificateError("--subject is missing, and there is no terminal to ask on")
    return x509.Name([subjects.attribute(name, value) for name, value in defaults.subject])


def _implied_names(subject: x509.Name) -> list[x509.GeneralName]:
    """A common name that is a host: clients look only at the alternative names (RFC 9525 2)."""
    return [names.host(name) for name in subjects.common_names(subject) if names.looks_like_host(name)]


COMMAND = Command(
    name="request",
    purpose="make a certificate signing request for a key",
    example="--key server.key --out server.csr --subject /C=DE/O=Example/CN=www.example.com",
    add_options=add_options,
    run=run,
)
