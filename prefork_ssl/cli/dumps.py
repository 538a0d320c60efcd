"""What -t can show of a configuration: the -D DUMP_... names of the core, and those that modules add."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from prefork_ssl.config.tree import Configuration, Host, HostAddress
from prefork_ssl.kernel.apache.modules import BUILT_IN, NAMES_ONLY
from prefork_ssl.kernel.directives import (
    DOCUMENT_ROOT,
    ERROR_LOG,
    GROUP,
    PID_FILE,
    SERVER_ALIAS,
    USER,
)
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.module import Dump, Module
from prefork_ssl.kernel.process.privileges import worker_identity


def requested(configuration: Configuration, modules: Sequence[Module], names: Iterable[str]) -> Iterator[str]:
    """The lines of all dumps that are asked for by name; other names mean something else."""
    known = {**DUMPS, **{name: dump for module in modules for name, dump in module.dumps.items()}}
    for name in names:
        if name in known:
            yield from known[name](configuration)


def _virtual_hosts(configuration: Configuration) -> Iterator[str]:
    yield "VirtualHost configuration:"
    by_address: dict[HostAddress, list[Host]] = {}
    for host in configuration.hosts:
        for address in host.addresses:
            by_address.setdefault(address, []).append(host)
    for address, hosts in by_address.items():
        if len(hosts) == 1 and not hosts[0].settings[SERVER_ALIAS]:
            yield f"{address!s:22} {_name_and_place(hosts[0])}"
        else:
            yield f"{address!s:22} is a NameVirtualHost"
            yield f"         default server {_name_and_place(hosts[0])}"
            for host in hosts:
                yield from _named_host(address, host)


def _named_host(address: HostAddress, host: Host) -> Iterator[str]:
    yield f"         port {address.port or '*'} namevhost {_name_and_place(host)}"
    for alias in host.settings[SERVER_ALIAS]:
        wild = "wild " if "*" in alias or "?" in alias else ""
        yield f"                 {wild}alias {alias}"


def _name_and_place(host: Host) -> str:
    return f"{server_name(host.settings).name} ({host.origin})"


def _settings(configuration: Configuration) -> Iterator[str]:
    settings, root = configuration.server.settings, configuration.server_root
    log = settings[ERROR_LOG]
    identity = worker_identity(settings)
    user_id = f" id={identity.uid}" if identity else " not_used"
    group_id = f" id={identity.gid}" if identity else " not_used"
    yield f'ServerRoot: "{root}"'
    yield f'Main DocumentRoot: "{settings[DOCUMENT_ROOT] or ""}"'
    yield f'Main ErrorLog: "{log if log.startswith("|") else Path(root, log)}"'
    yield f'PidFile: "{Path(root, settings[PID_FILE])}"'
    for name, value in configuration.defines.items():
        yield f"Define: {name}{'=' if value else ''}{value}"
    yield f'User: name="{settings[USER]}"{user_id}'
    yield f'Group: name="{settings[GROUP]}"{group_id}'


_KINDS_OF_MODULES = dict.fromkeys(BUILT_IN, "static") | dict.fromkeys(NAMES_ONLY, "only the name")


def _modules(configuration: Configuration) -> Iterator[str]:
    yield "Loaded Modules:"
    yield " core (static)"
    for name in configuration.modules:
        yield f" {name} ({_KINDS_OF_MODULES.get(name, 'shared')})"


def _files(configuration: Configuration) -> Iterator[str]:
    yield "Included configuration files:"
    for file in configuration.files:
        yield f"  {file}"


DUMPS: Mapping[str, Dump] = {
    "DUMP_VHOSTS": _virtual_hosts,
    "DUMP_RUN_CFG": _settings,
    "DUMP_MODULES": _modules,
    "DUMP_INCLUDES": _files,
}
