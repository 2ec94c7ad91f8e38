"""What changes a module's tables is noticed and undone."""

from __future__ import annotations

from types import ModuleType

from regoose_guest.testgen.keeping import Holdings


class Box:
    """A class with a table."""

    known: dict[str, int] = {}  # noqa: RUF012 - as programs have them


def test_changed_tables_are_put_back() -> None:
    module = ModuleType("tables")
    rules: list[int] = [1]
    module.__dict__["rules"] = rules
    holdings = Holdings(module, [Box])
    assert not holdings.are_changed()

    rules.insert(0, 2)
    Box.known["a"] = 1

    assert holdings.are_changed()
    assert (rules, Box.known) == ([1], {})
    assert not holdings.are_changed()
