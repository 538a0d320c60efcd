"""The facts as lines, and findings as a table, on a terminal."""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from prefork_ssl.certificates.showing.facts import Facts, Findings

if TYPE_CHECKING:
    from prefork_ssl.certificates.showing.configuration_check import Finding

# Lists longer than this, such as the serial numbers of a large CRL, are cut.
_LONGEST_LIST = 20

_SOON, _LATE = 30, 7

_SEVERITIES = {"error": "bold red", "warning": "yellow", "info": ""}

_UNBOUNDED = 10_000


def show(findings: Findings) -> None:
    """Print each object, then what is wrong; in colours on a terminal only."""
    # Long lines are left to the terminal, and whole in a file: fingerprints are there to be copied.
    console = Console(highlight=False, soft_wrap=True)
    for facts in (findings.about, *findings.objects):
        for line in _lines(facts):
            console.print(line)
        console.print()
    for problem in findings.problems:
        console.print(Text(f"Problem: {problem}", "red"))


def show_findings(findings: "Sequence[Finding]") -> None:
    """Print a table of what was found in a configuration."""
    # Without a terminal, a line for each finding, however long.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)
    table = Table("", "where", "what", box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        severity = Text(finding.severity, _SEVERITIES[finding.severity])
        table.add_row(severity, Text(finding.place), Text(finding.message))
    if findings:
        console.print(table)


def _lines(facts: Facts) -> Iterator[Text]:
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        yield Text.assemble((f"{name.replace('_', ' '):{width}}", "bold"), _text(name, value))


def _text(name: str, value: str | int | bool | list[str]) -> Text:
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if name == "days_left" and isinstance(value, int):
        return Text(str(value), _colour(value))
    if isinstance(value, list):
        return Text(_joined(value))
    return Text(str(value))


def _colour(days: int) -> str:
    if days < _LATE:
        return "bold red"
    return "yellow" if days < _SOON else "green"


def _joined(values: list[str]) -> str:
    more = len(values) - _LONGEST_LIST
    shown = ", ".join(values[:_LONGEST_LIST]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
