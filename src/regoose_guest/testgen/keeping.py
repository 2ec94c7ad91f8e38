"""The lists, tables and sets that a module and its classes hold: what changes them shows in every later test."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any, Iterable, Iterator, List, Tuple

_HELD = frozenset((list, dict, set))


class Holdings:
    """The containers of a module as they are now."""

    def __init__(self, module: ModuleType, classes: Iterable[type]) -> None:
        self._kept: List[Tuple[Any, Any]] = [(one, copy.copy(one)) for one in _held(module, classes)]

    def are_changed(self) -> bool:
        """Whether one of them has more items or fewer; then all are put back."""
        if all(len(one) == len(before) for one, before in self._kept):
            return False
        for one, before in self._kept:
            if type(one) is list:
                one[:] = before
            else:
                one.clear()
                one.update(before)
        return True


def _held(module: ModuleType, classes: Iterable[type]) -> Iterator[Any]:
    for holder in (module, *classes):
        for name, value in list(vars(holder).items()):
            if type(value) in _HELD and not name.startswith("__"):
                yield value
