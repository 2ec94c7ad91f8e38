"""Which types variables have while tests run, so that like is replaced by like first."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Dict, FrozenSet, List, Sequence, Set, Type, cast

from regoose_guest.forks import Outlet, ask
from regoose_guest.items import ItemRunner
from regoose_guest.repair.measure import Measured
from regoose_guest.repair.program import LiveKey, Program

_MOST_EVENTS = 20_000
_SECONDS = 4.0

ObservedTypes = Dict[LiveKey, Dict[str, FrozenSet[str]]]


class _Observer:
    """Notes the types of the local variables whenever a function of the program returns."""

    def __init__(self, program: Program) -> None:
        self.found: Dict[LiveKey, Dict[str, Set[str]]] = {}
        self._events = 0
        self._owners: Dict[CodeType, LiveKey] = {}
        for key, functions in program.live.items():
            for function in functions:
                self._claim(function.__code__, key)

    def _claim(self, code: CodeType, key: LiveKey) -> None:
        self._owners[code] = key
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._claim(constant, key)

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "return" or self._events > _MOST_EVENTS:
            return
        key = self._owners.get(frame.f_code)
        if key is None:
            return
        self._events += 1
        types = self.found.setdefault(key, {})
        for name, value in frame.f_locals.items():
            if value is not None:
                types.setdefault(name, set()).add(_general(value.__class__))


def _general(kind: Type[object]) -> str:
    """Return a type's name; numbers count as one type, so do the sequences."""
    if kind in (int, float):
        return "number"
    return "sequence" if kind in (list, tuple) else kind.__qualname__


def observe(program: Program, runner: ItemRunner, tests: Sequence[Measured], memory_bytes: int) -> ObservedTypes:
    """Run the tests once more and return the types seen, by function and variable."""

    def work(outlet: Outlet) -> None:
        observer = _Observer(program)
        for test in tests:
            sys.setprofile(observer)
            try:
                runner.run(test.index, test.limit)
            finally:
                sys.setprofile(None)
        rows = [[*key, {name: sorted(types) for name, types in found.items()}] for key, found in observer.found.items()]
        outlet.send("types", rows)

    types: ObservedTypes = {}
    for message in ask(work, memory_bytes, _SECONDS):
        for row in cast("List[List[object]]", message[1]):
            found = cast("Dict[str, List[str]]", row[3])
            key = (cast("str", row[0]), cast("int", row[1]), cast("str", row[2]))
            types[key] = {name: frozenset(names) for name, names in found.items()}
    return types
