"""Nodes in, Configuration out: contexts checked, arguments parsed, values combined, virtual hosts merged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefork_ssl.config.defines import Defines
from prefork_ssl.config.directives import Block, Context, Directive, Settings
from prefork_ssl.config.errors import ConfigError, Origin, Problem
from prefork_ssl.config.nodes import Line, Node, Section
from prefork_ssl.config.problems import Problems
from prefork_ssl.config.sections import SECTIONS, VIRTUAL_HOST, SectionForm, Target
from prefork_ssl.config.sharing import shared
from prefork_ssl.config.syntax import Reader
from prefork_ssl.config.tree import Configuration, DirectorySection, Host, HostAddress, SectionKind
from prefork_ssl.config.vocabulary import ModuleFinder, Vocabulary


def read_configuration(
    file: Path,
    *,
    server_root: Path,
    core: Sequence[Directive[Any]],
    modules: ModuleFinder,
    defines: Mapping[str, str],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> Configuration:
    """Read `file` and build what it says.

    `server_root` (absolute) holds until a ServerRoot line says otherwise. `defines` are the names given by -D, `before`
    and `after` the lines given by -C and -c. ${NAME} may also be a variable of `environment`.

    Raises ConfigError with all problems that there are, in the order of the text.
    """
    problems = Problems()
    vocabulary = Vocabulary(core, modules)
    names = Defines(defines, environment)
    reader = Reader(server_root, names, vocabulary, problems)
    reader.read("-C (command line)", "\n".join(before))
    _read_main_file(reader, file)
    reader.read("-c (command line)", "\n".join(after))
    server, hosts = Builder(vocabulary, problems).build(reader.nodes)
    problems.raise_any()
    return Configuration(
        server=server,
        hosts=hosts,
        server_root=reader.server_root,
        modules=tuple(vocabulary.modules),
        absent_modules=vocabulary.absent,
        defines=names.names,
        files=tuple(dict.fromkeys(reader.files)),
    )


def _read_main_file(reader: Reader, file: Path) -> None:
    try:
        reader.read_file(file)
    except OSError as error:
        message = f"the configuration file {file} cannot be read: {error.strerror}"
        raise ConfigError([Problem(message, hint="-f names another")]) from None


@dataclass(slots=True)
class _Scope:
    """What is gathered between the beginning and the end of a section; `name` is "" outside all sections, and None in
    a section that is unknown or not closed: what may stand there cannot be told. `only` is the one directive that a
    block is made of."""

    name: str | None
    context: Context
    only: Directive[Any] | None = None
    values: dict[Directive[Any], Any] = field(default_factory=dict)
    origins: dict[Directive[Any], Origin] = field(default_factory=dict)
    targets: list[tuple[Target, DirectorySection]] = field(default_factory=list)
    hosts: list[tuple[tuple[HostAddress, ...], _Scope, Origin]] = field(default_factory=list)

    def put(self, directive: Directive[Any], value: Any, origin: Origin) -> None:
        directive = directive.part_of or directive
        if directive in self.values:
            value = directive.repeat(self.values[directive], value)
        self.values[directive] = value
        self.origins[directive] = origin

    def settings(self) -> Settings:
        return Settings(self.values, self.origins)


class Builder:
    """One building. Problems are added to `problems`; what is built along with them is of no use."""

    def __init__(self, vocabulary: Vocabulary, problems: Problems) -> None:
        self._vocabulary = vocabulary
        self._problems = problems
        self._unloaded: dict[str, list[Line]] = {}

    def build(self, nodes: list[Node]) -> tuple[Host, tuple[Host, ...]]:
        """The main server, and the virtual hosts merged over it. The nodes are used up, so that they and what is made
        of them need not be in memory together."""
        main = self._filled(_Scope("", Context.SERVER), nodes)
        self._tell_unloaded()
        settings = main.settings()
        server = Host(settings, _in_merging_order(main.targets))
        hosts = (
            Host(
                settings=inner.settings().inside(settings),
                sections=_in_merging_order(main.targets + inner.targets),
                addresses=addresses,
                origin=origin,
            )
            for addresses, inner, origin in main.hosts
        )
        return server, shared(hosts)

    def _filled(self, scope: _Scope, nodes: list[Node]) -> _Scope:
        nodes.reverse()
        while nodes:
            node = nodes.pop()
            if isinstance(node, Section):
                self._section(node, scope)
            else:
                self._directive(node, scope)
        return scope

    def _directive(self, line: Line, scope: _Scope) -> None:
        directive = self._vocabulary.find(line.name)
        if directive is None:
            self._unknown(line)
        elif self._may_stand(directive, directive.name, line, scope):
            try:
                value = directive.arguments.parse(line.words, line.place)
                scope.put(directive, value, line.place.origin)
            except (ValueError, OSError) as error:
                self._problems.add_argument(line, error, directive.usage)

    def _unknown(self, line: Line) -> None:
        module = self._vocabulary.module_of(line.name)
        if module:
            self._unloaded.setdefault(module, []).append(line)
        else:
            self._problems.add(line, *self._vocabulary.explain(line.name))

    def _tell_unloaded(self) -> None:
        """One problem for each module that is not loaded: one LoadModule line remedies all."""
        for module, lines in self._unloaded.items():
            first = min(lines, key=lambda line: line.order)
            message = f"{self._vocabulary.spelt(first.name)} is a directive of {module}, which is not loaded"
            more = f", which {len(lines) - 1} more lines need, too" if len(lines) > 1 else ""
            self._problems.add(first, message, f"add the line: LoadModule {module}{more}")

    def _may_stand(self, directive: Directive[Any], name: str, line: Line, scope: _Scope) -> bool:
        """Whether a line of the directive, or the block `name` of it, is in its place here; a problem if not."""
        if scope.only is not None and directive is not scope.only:
            message = f"{name} cannot stand {_inside(scope.name)}"
            self._problems.add(line, message, f"there can be {', '.join(scope.only.names)}")
        elif not directive.contexts & scope.context:
            message = f"{name} cannot stand {_inside(scope.name)}"
            self._problems.add(line, message, f"it can stand {_listed(directive.contexts)}")
        else:
            return True
        return False

    def _section(self, section: Section, scope: _Scope) -> None:
        line = section.opening
        form = SECTIONS.get(line.name.lower())
        block = self._vocabulary.block(line.name)
        if form is not None:
            self._form(form, section, scope)
        elif block is not None:
            self._block(*block, section, scope)
        else:
            self._unknown(line)
            self._filled(_Scope(None, Context.ANYWHERE), section.body)

    def _block(self, directive: Directive[Any], block: Block[Any], section: Section, scope: _Scope) -> None:
        line = section.opening
        if not section.closed:
            self._filled(_Scope(None, Context.ANYWHERE), section.body)
            return
        inner = self._filled(_Scope(block.name, scope.context, directive), section.body)
        if line.words:
            self._problems.add(line, f"{block.name} takes no arguments")
        elif self._may_stand(directive, block.name, line, scope):
            try:
                value = block.value(inner.values.get(directive, directive.default))
                scope.put(directive, value, line.place.origin)
            except ValueError as error:
                self._problems.add_argument(line, error)

    def _form(self, form: SectionForm[Any], section: Section, scope: _Scope) -> None:
        line = section.opening
        if scope.name is not None and scope.name not in form.inside:
            message = f"{form.name} cannot stand {_inside(scope.name)}"
            self._problems.add(line, message, f"it can stand {', '.join(map(_inside, form.inside))}")
        scope_inside = _Scope(form.name, form.contents) if section.closed else _Scope(None, Context.ANYWHERE)
        inner = self._filled(scope_inside, section.body)
        self._add(form, line, inner, scope)

    def _add(self, form: SectionForm[Any], line: Line, inner: _Scope, scope: _Scope) -> None:
        if not line.readable:
            return
        try:
            value = form.arguments.parse(line.words, line.place)
        except ValueError as error:
            self._problems.add_argument(line, error, form.usage)
            return
        if form is VIRTUAL_HOST:
            scope.hosts.append((value, inner, line.place.origin))
        else:
            scope.targets.append((value, _directory_section(value, inner, line.place.origin)))


def _directory_section(target: Target, inner: _Scope, origin: Origin) -> DirectorySection:
    files = tuple(section for _, section in inner.targets)
    return DirectorySection(target.kind, target.name, target.pattern, inner.settings(), files, origin)


_KINDS = tuple(SectionKind)


def _in_merging_order(targets: Iterable[tuple[Target, DirectorySection]]) -> tuple[DirectorySection, ...]:
    """By kind; within <Directory> from short to long; otherwise as given."""
    ordered = sorted(targets, key=lambda pair: (_KINDS.index(pair[0].kind), pair[0].depth))
    return tuple(section for _, section in ordered)


def _inside(name: str | None) -> str:
    return f"in {name}" if name else "outside sections"


_PLACES = {
    Context.SERVER: "outside sections",
    Context.VIRTUAL_HOST: "in <VirtualHost>",
    Context.DIRECTORY: "in <Directory>, <Location> and <Files>",
}


def _listed(contexts: Context) -> str:
    return ", ".join(text for context, text in _PLACES.items() if context & contexts)
