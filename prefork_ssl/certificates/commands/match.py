"""`match`: do a key, a certificate and a request belong together?"""

import argparse

from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.storage import reading


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    options.add_file(parser, "--cert", "a certificate", required=False)
    options.add_file(parser, "--key", "a private key", required=False)
    options.add_file(parser, "--request", "a certificate request", required=False)
    options.add_passphrase(parser, "the key's pass phrase")


def run(args: argparse.Namespace) -> None:
    """Print the fingerprint that all given files share; CertificateError if they do not."""
    fingerprints = {path: keys.fingerprint(key) for path, key in _public_keys(args).items()}
    if len(fingerprints) < 2:
        raise CertificateError("give at least two different files by --cert, --key and --request")
    first, *others = fingerprints
    strangers = [str(path) for path in others if fingerprints[path] != fingerprints[first]]
    if strangers:
        raise CertificateError(f"{first} does not belong to {' nor to '.join(strangers)}")
    print(f"The files belong together. Public key SHA-256: {fingerprints[first]}")


def _public_keys(args: argparse.Namespace) -> dict[str, PublicKeyTypes]:
    found: dict[str, PublicKeyTypes] = {}
    if args.cert:
        found[f"the certificate in {args.cert}"] = keys.public_key(reading.certificate(args.cert))
    if args.key:
        found[f"the key in {args.key}"] = reading.private_key(args.key, args.passphrase).public_key()
    if args.request:
        found[f"the request in {args.request}"] = keys.public_key(reading.request(args.request))
    return found


COMMAND = Command(
    name="match",
    purpose="check that a private key, a certificate and a request belong together",
    example="--cert server.crt --key server.key",
    add_options=add_options,
    run=run,
)
