"""The master's part: which certificates are asked about, and when. One for all generations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from weakref import WeakValueDictionary

from prefork_ssl.kernel.generation import Generation, Key
from prefork_ssl.kernel.process.privileges import Identity
from prefork_ssl.modules.ssl.stapling.errand import Outcome
from prefork_ssl.modules.ssl.stapling.helper import Helper
from prefork_ssl.modules.ssl.stapling.subject import Inquiry, Subject


class Stapler:
    """The subjects of all generations, and the helper while it runs. It becomes `helpers_identity`, or stays who the
    master is if that is None."""

    def __init__(self) -> None:
        # What no generation uses any more is forgotten.
        self._subjects: WeakValueDictionary[Inquiry, Subject] = WeakValueDictionary()
        self._helper: Helper | None = None
        self.helpers_identity: Identity | None = None

    def subject(self, inquiry: Inquiry) -> Subject:
        """The subject of an inquiry, with all that was learned about it before."""
        subject = self._subjects.get(inquiry)
        if subject is None:
            subject = self._subjects[inquiry] = Subject(inquiry)
        return subject

    def tend(self, subjects: Iterable[Subject]) -> Iterator[Subject]:
        """To be called about once a second: those of whom there is news. Asks about those that are due."""
        if self._helper is not None:
            yield from self._helper.settled()
            if self._helper.done:
                self.forget()
        elif due := [subject for subject in subjects if subject.due()]:
            yield from self._ask_about(due)

    def _ask_about(self, subjects: Sequence[Subject]) -> Iterator[Subject]:
        try:
            self._helper = Helper(dict(enumerate(subjects)), self.helpers_identity)
        except OSError as error:
            for subject in subjects:
                why = f"the program that asks it cannot be started: {error.strerror}"
                subject.settle(Outcome(0, "failed", reason=why))
                yield subject

    def forget(self) -> None:
        """Let go of the helper: in a worker, whose business it is not."""
        if self._helper is not None:
            self._helper.forget()
            self._helper = None


STAPLER = Key[Stapler]("ssl stapler")


def stapler_of(generation: Generation) -> Stapler:
    """The stapler for a generation that is being prepared: that of the generations before."""
    inherited = generation.previous.get(STAPLER) if generation.previous else None
    stapler = inherited or Stapler()
    generation.keep(STAPLER, stapler)
    return stapler
