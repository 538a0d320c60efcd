"""Options that several commands share."""

import argparse
from pathlib import Path

from prefork_ssl.certificates import keys
from prefork_ssl.certificates.terminal import passphrases


def add_file(parser: argparse.ArgumentParser, option: str, purpose: str, *, required: bool = True) -> None:
    """An option whose value is a path."""
    parser.add_argument(option, type=Path, required=required, metavar="FILE", help=purpose)


def add_force(parser: argparse.ArgumentParser) -> None:
    """--force: without it, nothing that exists is overwritten."""
    parser.add_argument("--force", action="store_true", help="overwrite what exists")


def add_days(parser: argparse.ArgumentParser, default: int) -> None:
    """--days: for how long, from now."""
    parser.add_argument(
        "--days", type=positive, default=default, metavar="N", help=f"days of validity (default: {default})"
    )


def add_key_type(parser: argparse.ArgumentParser, types: tuple[str, ...] = keys.TYPES) -> None:
    """--type: the kind of key to make."""
    parser.add_argument("--type", choices=types, default="ec", help="kind of key (default: ec, P-256)")


def add_bits(parser: argparse.ArgumentParser) -> None:
    """--bits: the size of the key to make."""
    parser.add_argument(
        "--bits", type=positive, metavar="N", help="size of the key (default: 256 for ec, 3072 for rsa)"
    )


def add_hosts(parser: argparse.ArgumentParser) -> None:
    """--host: the host names and addresses that the certificate is good for."""
    parser.add_argument(
        "--host",
        dest="hosts",
        nargs="+",
        action="extend",
        required=True,
        metavar="NAME",
        help="a host name or IP address that the certificate is good for; may be repeated",
    )


def add_subject(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """--subject, in the form of OpenSSL's -subj."""
    parser.add_argument(
        "--subject", required=required, metavar="/C=DE/O=.../CN=...", help="whom the certificate is for"
    )


def add_alternative_names(parser: argparse.ArgumentParser, purpose: str) -> None:
    """--san: subject alternative names."""
    parser.add_argument(
        "--san", action="append", default=[], metavar="DNS:...,IP:...,email:...", help=purpose
    )


def add_passphrase(
    parser: argparse.ArgumentParser, what: str, *, prefix: str = "", without: str | None = None
) -> None:
    """Where a pass phrase comes from; by default the terminal. The value is a `passphrases.Source`.

    Args:
        parser: the command's.
        what: which pass phrase, for the help text.
        prefix: begins the names of the options (`new-`) and of the value (`new_passphrase`).
        without: an option that means no pass phrase, if the command has one.
    """
    choice = parser.add_mutually_exclusive_group()
    destination = f"{prefix.replace('-', '_')}passphrase"
    for way, source, metavar, purpose in (
        ("env", passphrases.Environment, "NAME", "the environment variable"),
        ("fd", _descriptor, "N", "the file descriptor"),
        ("exec", passphrases.Program, "PROGRAM", "the output of the program"),
    ):
        choice.add_argument(
            f"--{prefix}passphrase-{way}",
            dest=destination,
            type=source,
            metavar=metavar,
            help=f"{what} from {purpose}",
        )
    if without is not None:
        choice.add_argument(
            without,
            dest=destination,
            action="store_const",
            const=passphrases.Open(),
            help="write the key without encryption",
        )
    parser.set_defaults(**{destination: passphrases.Terminal()})


def positive(text: str) -> int:
    """A whole number above zero."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def _descriptor(text: str) -> passphrases.Descriptor:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a file descriptor")
    return passphrases.Descriptor(int(text))


def hexadecimal(text: str) -> int:
    """A serial number in hexadecimal digits, with or without colons."""
    try:
        return int(text.replace(":", ""), 16)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a hexadecimal number") from error


def definition(text: str) -> tuple[str, str]:
    """NAME or NAME=VALUE."""
    name, _, value = text.partition("=")
    if not name:
        raise argparse.ArgumentTypeError("a name is missing before the =")
    return name, value
