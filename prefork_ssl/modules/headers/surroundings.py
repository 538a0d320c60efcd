"""What is known where rules stand."""

from __future__ import annotations

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.tree import Host
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.modules.headers.values import Surroundings


def surroundings_of(generation: Generation, host: Host, settings: Settings) -> Surroundings:
    """All modules, and what they tell applications under these settings."""
    factories = [module.hooks.environment for module in generation.modules]
    offered = [factory(generation, host, settings) for factory in factories if factory is not None]
    return Surroundings(generation.modules, [told for told in offered if told is not None])
