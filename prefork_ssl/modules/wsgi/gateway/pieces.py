"""The body of a response as an application gives it, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from prefork_ssl.kernel.request import Unfinished
from prefork_ssl.modules.wsgi.running.run import Run


class Pieces:
    """What a run gives, `first` (None if it ended without any) and the rest. `declared` is the application's
    Content-Length: if that was not the truth, Unfinished is raised before the client gets too much, or at the end."""

    __slots__ = ("_pieces", "_run")

    def __init__(self, run: Run, first: bytes | None, declared: int | None) -> None:
        self._run = run
        self._pieces = _checked(run, first, declared)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        """Nothing more is wanted. Safe to call at any time."""
        self._run.abandon()


def _checked(run: Run, piece: bytes | None, declared: int | None) -> Iterator[bytes]:
    count = 0
    while piece is not None:
        count += len(piece)
        if declared is not None and count > declared:
            raise Unfinished(500, f"the application gave more than the {declared} bytes that it declared")
        yield piece
        piece = run.resume()
    if declared is not None and count < declared:
        raise Unfinished(500, f"the application gave {count} bytes of the {declared} that it declared")
