"""What reading and checking key material finds: one record for everything that the administrator is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, as one line: where ("file:line" of `directive`), what, and what to do about it (`hint`)."""

    severity: Severity
    directive: str
    where: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.directive}: {self.message}{remedy}"


class KeyMaterialError(Exception):
    """Certificates or keys cannot be used. `findings` holds every error found, in the order of the sources."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))
