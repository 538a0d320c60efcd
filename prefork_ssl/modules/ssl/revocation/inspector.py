"""The helper program: asks OCSP responders about the certificates of clients, for all workers, and remembers what they
say. Nothing that comes from a responder gets near a worker, which has keys, before it is sound.

    python -m prefork_ssl.modules.ssl.revocation.inspector DESK [USER GROUP [GROUP...]]

DESK is the number of a socket over which workers send their ends of new lines; the others are the user and the groups
that the program becomes. Over a line come jobs, and go outcomes, each a line of JSON (stapling/errand.py). It ends when
the master ends.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections import OrderedDict
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from setproctitle import setproctitle

from prefork_ssl.kernel.process.privileges import Identity, become, end_with_parent
from prefork_ssl.modules.ssl.stapling.errand import Job, Outcome, decode, encode
from prefork_ssl.modules.ssl.stapling.fetcher import carry_out

# Responders that are asked at the same time.
_AT_ONCE = 16
# Answers that are remembered, and for how many seconds at most: whoever is revoked, is out after that.
_REMEMBERED = 10000
_LONGEST = 300.0
# Seconds that a responder is left alone after it gave no good answer.
_TROUBLE = 5.0
# Bytes of a job: two certificates and those of responders, in base64.
_LONGEST_LINE = 4 << 20


def main() -> None:
    """Serve the lines that come over the desk."""
    desk, *numbers = (int(word) for word in sys.argv[1:])
    setproctitle("prefork_ssl: asking about clients (OCSP)")
    if numbers:
        become(Identity(numbers[0], numbers[1], tuple(numbers[1:])))
    end_with_parent()
    asyncio.run(Inspector(socket.socket(fileno=desk)).run())


class Inspector:
    """Answers jobs from memory, or by asking; who asks for the same at the same time, waits for the same answer."""

    def __init__(self, desk: socket.socket) -> None:
        self._desk = desk
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._known: OrderedDict[Job, tuple[float, Outcome]] = OrderedDict()
        self._asked: dict[Job, asyncio.Future[Outcome]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take new lines, for ever."""
        loop = asyncio.get_running_loop()
        self._desk.setblocking(False)
        loop.add_reader(self._desk, self._take)
        await loop.create_future()

    def _take(self) -> None:
        try:
            _, descriptors, _, _ = socket.recv_fds(self._desk, 1, 1)
        except BlockingIOError:
            return  # there was nothing after all
        for descriptor in descriptors:
            self._spawn(self._serve(socket.socket(fileno=descriptor)))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, line: socket.socket) -> None:
        """One worker, until it ends."""
        reader, writer = await asyncio.open_unix_connection(sock=line, limit=_LONGEST_LINE)
        try:
            while data := await reader.readline():
                self._spawn(self._answer(decode(Job, data), writer))
        except (OSError, ValueError):
            pass  # a worker that has gone, or is out of its mind
        finally:
            writer.close()

    async def _answer(self, job: Job, writer: asyncio.StreamWriter) -> None:
        outcome = await self._find_out(replace(job, number=0))
        # The answer itself is of no use to a worker.
        writer.write(encode(replace(outcome, number=job.number, answer=b"")))

    async def _find_out(self, job: Job) -> Outcome:
        until, outcome = self._known.get(job, (0.0, None))
        if outcome is not None and time.monotonic() < until:
            return outcome
        asked = self._asked.get(job)
        if asked is None:
            asked = self._asked[job] = asyncio.ensure_future(self._ask(job))
        return await asyncio.shield(asked)

    async def _ask(self, job: Job) -> Outcome:
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(self._pool, carry_out, job)
        except Exception as error:  # noqa: BLE001 - whatever a certificate does to us, the others go on
            outcome = Outcome(0, "failed", reason=f"asking failed: {type(error).__name__}")
        finally:
            del self._asked[job]
        self._remember(job, outcome)
        return outcome

    def _remember(self, job: Job, outcome: Outcome) -> None:
        holds = min(outcome.ends - time.time(), _LONGEST) if outcome.status != "failed" else _TROUBLE
        self._known[job] = time.monotonic() + holds, outcome
        self._known.move_to_end(job)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


if __name__ == "__main__":
    main()
