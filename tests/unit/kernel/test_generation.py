"""Building a generation: the order of modules, all problems at once, nothing of the running one touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefork_ssl.config.directives import Settings
from prefork_ssl.config.errors import ConfigError, Problem
from prefork_ssl.config.tree import Configuration, Host
from prefork_ssl.kernel.generation import Key, build, check_configuration, load_order
from prefork_ssl.kernel.hooks import Hooks
from prefork_ssl.kernel.module import Module


class Shelf:
    """Modules by name."""

    def __init__(self, *modules: Module) -> None:
        self._modules = {module.name: module for module in modules}

    def module(self, name: str) -> Module:
        return self._modules[name]


def configuration(tmp_path, *names: str) -> Configuration:
    (tmp_path / "logs").mkdir(exist_ok=True)
    return Configuration(Host(Settings(), ()), (), tmp_path, names)


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def module(name: str, *after: str, **hooks) -> Module:
    return Module(name=name, after=after, hooks=Hooks(**hooks))


def test_modules_run_as_loaded_unless_one_wants_to_be_behind(tmp_path):
    shelf = Shelf(module("a", "c"), module("b", "a", "absent"), module("c"), module("d"))
    ordered = load_order(configuration(tmp_path, "d", "a", "b", "c"), shelf)
    assert [each.name for each in ordered] == ["d", "c", "a", "b"]


def test_a_circle_is_named(tmp_path):
    shelf = Shelf(module("a", "b"), module("b", "a"))
    with pytest.raises(ConfigError, match="a -> b -> a"):
        load_order(configuration(tmp_path, "a", "b"), shelf)


def test_all_checks_report_together(tmp_path):
    def complain(_configuration, _modules, report):
        report(Problem("no good"))

    with pytest.raises(ConfigError) as caught:
        check_configuration(
            configuration(tmp_path), [module("a", check=complain), module("b", check=complain)]
        )
    assert len(caught.value.problems) == 2


def test_prepare_sees_the_generation_in_service_and_lets_go_of_it(tmp_path):
    key = Key[int]("count")

    def prepare(generation):
        generation.keep(key, generation.previous[key] + 1 if generation.previous else 1)

    tree, shelf = configuration(tmp_path, "a"), Shelf(module("a", prepare=prepare))
    first = build(tree, shelf, 1)
    second = build(tree, shelf, 2, first)
    assert (first[key], second[key]) == (1, 2)
    assert second.previous is None


def test_a_module_that_refuses_leaves_no_log_open(tmp_path):
    def refuse(generation):
        raise ConfigError([Problem("key does not match")])

    before = _open_descriptors()
    with pytest.raises(ConfigError, match="key does not match"):
        build(configuration(tmp_path, "a"), Shelf(module("a", prepare=refuse)), 1)
    assert _open_descriptors() == before
