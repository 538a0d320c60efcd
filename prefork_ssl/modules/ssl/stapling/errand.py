"""What the master and its helper hand to each other: jobs one way, outcomes the other, each a line of JSON."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from typing import Any, TypeVar, get_type_hints

T = TypeVar("T", "Job", "Outcome")


@dataclass(frozen=True, slots=True)
class Job:
    """Ask the responder at `url` about a certificate, through `proxy` unless that is "". `number` names the job;
    certificates are DER, `responders` PEM. `fresh` tells whether the answer must be made for the question; the rest is
    as in answer.Question and responder.ask."""

    number: int
    url: str
    certificate: bytes
    issuer: bytes
    timeout: float
    skew: float
    max_age: float
    fresh: bool = False
    authorised: bool = True
    responders: bytes = b""
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `status` is "good", "revoked" or "unknown", and then `answer` is a sound one until `ends`
    (time.time); or it is "failed", for the `reason`, and `answer` is what there was, or empty."""

    number: int
    status: str
    answer: bytes = b""
    ends: float = 0.0
    reason: str = ""


def encode(record: Job | Outcome) -> bytes:
    """The record as one line."""
    values = {
        name: b64encode(value).decode() if isinstance(value, bytes) else value
        for name, value in _items(record)
    }
    return json.dumps(values).encode() + b"\n"


def decode(kind: type[T], line: bytes) -> T:
    """The record of a line. Raises ValueError."""
    values = json.loads(line)
    types = get_type_hints(kind)
    if not isinstance(values, dict) or values.keys() != types.keys():
        raise ValueError("not what was to be handed over")
    return kind(**{name: _value(types[name], value) for name, value in values.items()})


def _items(record: Job | Outcome) -> list[tuple[str, Any]]:
    return list(asdict(record).items())


def _value(kind: type, value: Any) -> Any:
    if kind is bytes:
        return b64decode(value, validate=True)
    if kind is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, kind):
        raise ValueError(f"{value!r} where {kind.__name__} belongs")
    return value
