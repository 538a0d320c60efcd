"""What the module does when: nicknames are checked, the master opens the logs, a request leaves a line in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefork_ssl.config.errors import BadArgument, ConfigError, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.dispatch.hosts import server_name
from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, Report, ResponsePhase
from prefork_ssl.kernel.log.levels import Level
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.request import Request, Response
from prefork_ssl.modules.log_config.directives import CUSTOM_LOG, DIRECTIVES, LOG_FORMAT, CustomLog
from prefork_ssl.modules.log_config.formats import compile_format
from prefork_ssl.modules.log_config.items import Surroundings


def _check(configuration: Configuration, _modules: Sequence[Module], report: Report) -> None:
    problems: dict[Problem, None] = {}  # hosts inherit the main server's logs, and its mistakes
    for host in configuration.all_hosts:
        for log in host.settings[CUSTOM_LOG]:
            try:
                log.pieces(host.settings[LOG_FORMAT])
            except BadArgument as error:
                problems[Problem(f"CustomLog: {error}", log.origin, error.hint)] = None
    for problem in problems:
        report(problem)


def _prepare(generation: Generation) -> None:
    problems: dict[Problem, None] = {}
    for host in generation.configuration.all_hosts:
        for log in host.settings[CUSTOM_LOG]:
            try:
                generation.logs.open(log.target, log.origin)
            except ConfigError as error:
                problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigError(problems)
    _warn_of_unknown_variables(generation)


def _warn_of_unknown_variables(generation: Generation) -> None:
    """Once for each log, though all hosts may have it."""
    tried = set()
    for host in generation.configuration.all_hosts:
        for log in host.settings[CUSTOM_LOG]:
            pieces = log.pieces(host.settings[LOG_FORMAT])
            if (log, pieces) not in tried:
                tried.add((log, pieces))
                unknown = _warn(generation, host, log)
                compile_format(pieces, Surroundings(server_name(host.settings), generation.modules, unknown))


def _warn(generation: Generation, host: Host, log: CustomLog) -> Callable[[str], None]:
    def warn(name: str) -> None:
        message = f"{log.origin}: no module that is loaded has a variable {name}; it is logged as -"
        generation.logs.for_host(host).write(Level.WARN, message, module="log_config")

    return warn


def _log(generation: Generation, host: Host) -> ResponsePhase | None:
    phases = [_phase(generation, host, log) for log in host.settings[CUSTOM_LOG]]
    if len(phases) < 2:
        return phases[0] if phases else None

    def each(request: Request, response: Response) -> None:
        for phase in phases:
            phase(request, response)

    return each


def _phase(generation: Generation, host: Host, log: CustomLog) -> ResponsePhase:
    def unknown(_name: str) -> None:
        """It has been told."""

    surroundings = Surroundings(server_name(host.settings), generation.modules, unknown)
    line = compile_format(log.pieces(host.settings[LOG_FORMAT]), surroundings)
    write = generation.logs.open(log.target, log.origin).write
    if not log.condition:
        return lambda request, response: write(line(request, response))
    name, negated = log.condition, log.negated

    def conditional(request: Request, response: Response) -> None:
        if (name in request.env) is not negated:
            write(line(request, response))

    return conditional


module = Module(
    name="log_config",
    directives=DIRECTIVES,
    hooks=Hooks(check=_check, prepare=_prepare, log=_log),
)

# What Apache has in mod_logio is in this one: its LoadModule line loads it.
companion = Module(name="log_config", needs=("log_config_module",))
