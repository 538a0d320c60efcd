"""Options that several commands share."""

import argparse
from pathlib import Path

from .. import keys


def add_file(parser: argparse.ArgumentParser, option: str, purpose: str, *, required: bool = True) -> None:
    """An option whose value is a path."""
    parser.add_argument(option, type=Path, required=required, metavar="FILE", help=purpose)


def add_force(parser: argparse.ArgumentParser) -> None:
    """--force: without it, nothing that exists is overwritten."""
    parser.add_argument("--force", action="store_true", help="overwrite what exists")


def add_days(parser: argparse.ArgumentParser, default: int) -> None:
    """--days: for how long, from now."""
    parser.add_argument(
        "--days",
        type=positive,
        default=default,
        metavar="N",
        help=f"days of validity (default: {default})",
    )


def add_key_type(parser: argparse.ArgumentParser, types: tuple[str, ...] = keys.TYPES) -> None:
    """--type: the kind of key to make."""
    parser.add_argument("--type", choices=types, default="ec", help="kind of key (default: ec, P-256)")


def positive(text: str) -> int:
    """A whole number above zero; argparse reports the ValueError."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


# argparse names the type in its message: "invalid positive number value: '0'".
positive.__name__ = "positive number"
