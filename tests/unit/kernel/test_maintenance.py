"""What modules ask of the master, and what becomes of their mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from unit.modules.asking import new_generation

from prefork_ssl.kernel.generation import Generation
from prefork_ssl.kernel.hooks import Hooks, Renewal
from prefork_ssl.kernel.module import Module
from prefork_ssl.kernel.process.maintenance import Maintenance


def asking(*wishes: Renewal | None) -> tuple[Module, ...]:
    return tuple(
        Module(name=f"module_{number}", hooks=Hooks(maintain=lambda _generation, wish=wish: wish))
        for number, wish in enumerate(wishes)
    )


@pytest.mark.parametrize(
    ("wishes", "taken"),
    [
        ([], None),
        ([None], None),
        ([Renewal.SAME, None], Renewal.SAME),
        ([Renewal.RELOAD, Renewal.SAME], Renewal.RELOAD),
        ([Renewal.SAME, Renewal.RELOAD], Renewal.RELOAD),
    ],
)
def test_the_greatest_wish_counts(
    tmp_path: Path, wishes: list[Renewal | None], taken: Renewal | None
) -> None:
    assert Maintenance().run(new_generation(tmp_path, {}, asking(*wishes))) is taken


def test_a_mistake_is_told_once_until_it_works_again_and_stops_nobody_else(tmp_path: Path) -> None:
    mistakes: list[Callable[[], None]] = []

    def maintain(_generation: Generation) -> None:
        for mistake in mistakes:
            mistake()

    def fail() -> None:
        raise ZeroDivisionError

    modules = (Module(name="clumsy", hooks=Hooks(maintain=maintain)), *asking(Renewal.SAME))
    generation = new_generation(tmp_path, {}, modules)
    maintenance = Maintenance()

    def told() -> int:
        assert maintenance.run(generation) is Renewal.SAME
        return (tmp_path / "logs/error_log").read_text().count("clumsy fails")

    assert told() == 0
    mistakes.append(fail)
    assert [told(), told()] == [1, 1]
    mistakes.clear()
    assert told() == 1
    mistakes.append(fail)
    assert told() == 2


@pytest.mark.parametrize("begin", [Maintenance.begin, Maintenance.begin_alone], ids=["master", "alone"])
def test_programs_are_looked_after_from_the_beginning_on(tmp_path: Path, begin: Callable[..., None]) -> None:
    seen: list[str] = []
    hooks = Hooks(
        before_fork=lambda _generation: seen.append("before_fork"),
        alone=lambda _generation: seen.append("alone"),
        tend=lambda _generation: seen.append("tend"),
    )
    generation = new_generation(tmp_path, {}, (Module(name="busy", hooks=hooks),))
    maintenance = Maintenance()
    begin(maintenance, generation)
    assert seen == [{Maintenance.begin: "before_fork", Maintenance.begin_alone: "alone"}[begin], "tend"]
    maintenance.run(generation)
    assert seen[2:] == ["tend"]
