"""What a command is."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One command of the program.

    Attributes:
        name: what is typed.
        purpose: a phrase that begins in lower case and ends without a full stop.
        example: the options of a typical call.
        add_options: adds its options to its parser.
        run: does it; CertificateError or OSError says why it could not.
    """

    name: str
    purpose: str
    example: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]
