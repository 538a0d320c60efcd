"""`show`: what a person wants to know of a file or a running server."""

import argparse
import json
import re
from pathlib import Path

from prefork_ssl.certificates.commands import options
from prefork_ssl.certificates.commands.command import Command
from prefork_ssl.certificates.errors import CertificateError
from prefork_ssl.certificates.naming import names
from prefork_ssl.certificates.showing import facts, live, problems, rendering
from prefork_ssl.certificates.storage import reading
from prefork_ssl.certificates.terminal.passphrases import Source

# An IPv6 address stands in brackets.
_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:/]+):(?P<port>\d{1,5})")

_LAST_PORT = 65535


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("what", metavar="FILE|HOST:PORT", help="a file in any form, or a TLS server")
    options.add_file(
        parser, "--ca-cert", "for a server: the CAs to trust (PEM; default: the system's)", required=False
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options.add_passphrase(parser, "the pass phrase of the file")


def run(args: argparse.Namespace) -> None:
    """Print the facts, and what is wrong."""
    found = _of_file(Path(args.what), args.passphrase) if Path(args.what).exists() else _of_server(args)
    if args.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        rendering.show(found)


def _of_file(path: Path, source: Source) -> facts.Findings:
    contents = reading.contents(path, source)
    wrong = [
        *problems.of_chain(contents.certificates),
        *problems.of_keys(contents.certificates, contents.keys),
    ]
    return facts.Findings({"file": str(path)}, facts.of_contents(contents), wrong)


def _of_server(args: argparse.Namespace) -> facts.Findings:
    server = _SERVER.fullmatch(args.what)
    if server is None or int(server["port"]) > _LAST_PORT:
        raise CertificateError(f"{args.what} is no file, and not HOST:PORT either")
    host = server["host"].strip("[]")
    name = names.host(host)
    presented = live.ask(host, int(server["port"]), args.ca_cert)
    wrong = [*problems.of_chain(presented.chain), *problems.of_host(presented.chain[0], name)]
    if presented.distrust:
        wrong.append(f"the chain is not trusted: {presented.distrust}")
    about: facts.Facts = {"server": args.what, "protocol": presented.protocol, "cipher": presented.cipher}
    return facts.Findings(about, [*map(facts.of_certificate, presented.chain)], wrong)


COMMAND = Command(
    name="show",
    purpose="show a certificate, key, request, CRL, PKCS#12 file or running server",
    example="www.example.com:443",
    add_options=add_options,
    run=run,
)
