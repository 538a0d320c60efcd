"""`acme`: get and renew a certificate from an ACME CA such as Let's Encrypt."""

import argparse
from pathlib import Path

from cryptography import x509

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.issuing import extensions, issue, key_files, signing_requests
from prefork_ssl.certificates.naming import names
from prefork_ssl.certificates.showing import facts
from prefork_ssl.certificates.storage import files, reading
from prefork_ssl.certificates.terminal import interview, passphrases


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--directory",
        required=True,
        metavar="URL",
        help="the CA's directory; the variable REQUESTS_CA_BUNDLE names the CAs to trust, if not the system's",
    )
    options.add_hosts(parser)
    parser.add_argument(
        "--webroot", type=Path, required=True, metavar="DIR", help="the directory that is http://HOST/"
    )
    options.add_file(parser, "--cert", "where the certificate and its chain go; replaced when renewed")
    options.add_file(parser, "--key", "its key; made if there is none (not encrypted), else used again")
    options.add_file(
        parser,
        "--account-key",
        "the account at the CA; made if there is none (default: KEY.account)",
        required=False,
    )
    parser.add_argument("--email", help="where the CA may write to, for a new account")
    parser.add_argument("--agree-terms", action="store_true", help="agree to the CA's terms of service")
    parser.add_argument(
        "--renew-before",
        type=options.positive,
        default=30,
        metavar="N",
        help="do nothing while the certificate is valid for more than so many days (default: 30)",
    )
    options.add_passphrase(parser, "the pass phrase of an encrypted key")
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write a certificate, unless the one that is there will do."""
    hosts = _hosts(args)
    files.require_writable(args.cert, force=True)
    kept = key_files.existing_or_new(args.key, args.passphrase, protected_by=passphrases.Open())
    if not _is_due(args, hosts, kept.key):
        print(f"{args.cert}: valid for more than {args.renew_before} days, nothing to do")
        return
    chain = _order(args, signing_requests.make(x509.Name([]), hosts, kept.key))
    certificate = _checked(chain, hosts, kept.key)
    files.publish(*kept.outputs, files.Output(args.cert, chain, files.PUBLIC, force=True))
    print(f"{args.cert}: valid until {certificate.not_valid_after_utc:%Y-%m-%d}")


def _hosts(args: argparse.Namespace) -> list[x509.GeneralName]:
    wildcards = [host for host in args.hosts if host.startswith("*")]
    if wildcards:
        raise CertificateError(f"{wildcards[0]}: http-01 cannot prove control of a wildcard (RFC 8555 7.1.4)")
    return [names.host(host) for host in args.hosts]


def _is_due(args: argparse.Namespace, hosts: list[x509.GeneralName], key: keys.PrivateKey) -> bool:
    """Is there no certificate yet, or a self-signed one, or one that is about to expire or names other hosts?

    Raises:
        CertificateError: there is one that does not belong to the key, so it is not ours to replace without --force.
    """
    if args.force or not args.cert.exists():
        return True
    certificate = reading.certificate(args.cert)
    if keys.public_key(certificate) != key.public_key():
        raise CertificateError(f"{args.cert} belongs to another key than {args.key}; --force overwrites it")
    return (
        facts.days_until(certificate.not_valid_after_utc) < args.renew_before
        or set(extensions.alternative_names(certificate)) != set(hosts)
        or issue.is_issued_by(certificate, certificate)
    )


def _order(args: argparse.Namespace, request: x509.CertificateSigningRequest) -> bytes:
    try:
        from prefork_ssl.certificates.acme_client import order
    except ModuleNotFoundError as error:
        raise CertificateError("this needs the acme library: pip install 'prefork_ssl[acme]'") from error
    account_key = args.account_key or args.key.with_name(args.key.name + ".account")
    kept = key_files.existing_or_new(account_key, args.passphrase, protected_by=passphrases.Open())
    account = order.Account(args.directory, kept.key)
    account.log_in(args.email, lambda terms: args.agree_terms or _agrees(terms))
    files.publish(*kept.outputs)
    return account.certificate(request, args.webroot)


def _agrees(terms: str) -> bool:
    return interview.is_possible() and interview.confirm(f"Do you agree to the terms of service at {terms}?")


def _checked(chain: bytes, hosts: list[x509.GeneralName], key: keys.PrivateKey) -> x509.Certificate:
    """The CA's certificate, if it is the one that was ordered."""
    try:
        certificate = x509.load_pem_x509_certificates(chain)[0]
        names_in_it = extensions.alternative_names(certificate)
    except ValueError as error:
        raise CertificateError("the CA sent no certificate") from error
    if keys.public_key(certificate) != key.public_key() or not set(hosts) <= set(names_in_it):
        raise CertificateError("the CA sent a certificate for another key or for other hosts")
    return certificate


COMMAND = Command(
    name="acme",
    purpose="get or renew a certificate from an ACME CA",
    example="--directory https://acme-v02.api.letsencrypt.org/directory --host www.example.com"
    " --webroot htdocs --cert server.crt --key server.key",
    add_options=add_options,
    run=run,
)
