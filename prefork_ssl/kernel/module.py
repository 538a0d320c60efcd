"""What a module is: its directives, its hooks, its variables, declared in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefork_ssl.config.directives import Directive
from prefork_ssl.config.tree import Configuration
from prefork_ssl.kernel.hooks import Connector, Hooks
from prefork_ssl.kernel.requirements import RequirementFactory
from prefork_ssl.kernel.variables import VariableFamily

# The lines that -t -D DUMP_... shows of a configuration.
Dump = Callable[[Configuration], Iterable[str]]


@dataclass(frozen=True, kw_only=True)
class Module:
    """Everything that a site can load. An instance named in the entry point group `prefork_ssl.modules` is found by
    LoadModule under the entry point's name.

    `variables` maps the beginning of a name ("SSL_") to the family that resolves it. `tokens` are the products that the
    module brings, for the Server field with ServerTokens Full and for -v ("OpenSSL/4.0.3"). `after` names modules whose
    hooks run before this one's in every phase, if they are loaded. `dumps` maps a name to what -t -D NAME shows
    ("DUMP_CERTS"). `requirements` are what `Require NAME ...` can demand, by NAME. `connectors` are how other servers
    are reached, by the schemes of their URLs ("https"). `needs` are modules that are loaded with it. `remedies` tell
    what to write in place of directives of Apache's module that this one does not have, by name.
    """

    name: str
    directives: tuple[Directive[Any], ...] = ()
    hooks: Hooks = field(default_factory=Hooks)
    variables: Mapping[str, VariableFamily] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    dumps: Mapping[str, Dump] = field(default_factory=dict)
    requirements: Mapping[str, RequirementFactory] = field(default_factory=dict)
    connectors: Mapping[str, Connector] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    remedies: Mapping[str, str] = field(default_factory=dict)
