"""What modules do in the master: before the first worker of a generation is forked, when all of them serve, and about
once a second after. Under -X, without a master, some of it is done in the one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Renewal
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module

Result = TypeVar("Result")
Hook = Callable[[Generation], Result]


class Maintenance:
    """Runs the modules' hooks. A mistake in one of them is logged, once until it works again, and ends nothing."""

    def __init__(self) -> None:
        self._failing: set[object] = set()

    def begin(self, generation: Generation) -> None:
        """Workers of this generation are about to be forked."""
        for module in generation.modules:
            if module.hooks.before_fork is not None:
                module.hooks.before_fork(generation)
        self.tend(generation)

    def begin_alone(self, generation: Generation) -> None:
        """This process is about to serve by itself."""
        for module in generation.modules:
            if module.hooks.alone is not None:
                module.hooks.alone(generation)
        self.tend(generation)

    def settle(self, generation: Generation, refusal: str = "") -> None:
        """This generation is in service: newly, or still, because the next one was refused."""
        for module in generation.modules:
            if module.hooks.settled is not None:
                try:
                    module.hooks.settled(generation, refusal)
                except Exception:  # noqa: BLE001 - nor is it a reason to undo what was done
                    generation.logs.server.exception(f"{module.name} cannot be told of a reload")

    def run(self, generation: Generation) -> Renewal | None:
        """Maintain the generation in service; what its modules ask for, taken together."""
        self.tend(generation)
        wishes = [
            self._safely(module, module.hooks.maintain, generation)
            for module in generation.modules
            if module.hooks.maintain is not None
        ]
        return max(filter(None, wishes), default=None)

    def tend(self, generation: Generation) -> None:
        """Let the programs run that modules have beside the server."""
        for module in generation.modules:
            if module.hooks.tend is not None:
                self._safely(module, module.hooks.tend, generation)

    def _safely(self, module: Module, hook: Hook[Result], generation: Generation) -> Result | None:
        try:
            result = hook(generation)
        except Exception:  # noqa: BLE001 - a module's mistake is no reason to end what works
            if hook not in self._failing:
                self._failing.add(hook)
                generation.logs.server.exception(
                    f"{module.name} fails to look after itself", level=Level.ALERT
                )
            return None
        self._failing.discard(hook)
        return result
