"""What modules do in the master: before the first worker of a generation is forked, when all of them serve, and about
once a second after."""

from __future__ import annotations

from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Renewal
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module


class Maintenance:
    """Runs the modules' hooks. A mistake in one of them is logged, once until it works again, and ends nothing."""

    def __init__(self) -> None:
        self._failing: set[str] = set()

    def begin(self, generation: Generation) -> None:
        """Workers of this generation are about to be forked."""
        for module in generation.modules:
            if module.hooks.before_fork is not None:
                module.hooks.before_fork(generation)

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
        wishes = [self._maintain(module, generation) for module in generation.modules]
        return max(filter(None, wishes), default=None)

    def _maintain(self, module: Module, generation: Generation) -> Renewal | None:
        if module.hooks.maintain is None:
            return None
        try:
            wish = module.hooks.maintain(generation)
        except Exception:  # noqa: BLE001 - a module's mistake is no reason to end what works
            if module.name not in self._failing:
                self._failing.add(module.name)
                generation.logs.server.exception(
                    f"{module.name} fails to look after itself", level=Level.ALERT
                )
            return None
        self._failing.discard(module.name)
        return wish
