"""Run the acts of a candidate in this process, guarded, with what they print kept."""

from __future__ import annotations

import collections
import copy
import datetime as dt
import decimal
import fractions
import functools
import inspect
import io
import itertools
import math
import operator
import os
import pathlib
import re
import shutil
import sys
import types
import uuid
from collections.abc import Coroutine, Iterator
from itertools import islice
from types import CodeType, ModuleType
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, cast

from regoose_guest.testgen.acts import CONSTRUCTOR, Act, enters, held_arguments, is_statement, source
from regoose_guest.testgen.folders import files_after, is_outside, uses_folder
from regoose_guest.testgen.guard import Blocked, Guard, Hang

_HELD: Tuple[ModuleType, ...] = (
    collections,
    copy,
    dt,
    decimal,
    fractions,
    functools,
    io,
    itertools,
    math,
    operator,
    re,
    types,
    uuid,
)
HELPERS: Dict[str, ModuleType] = {one.__name__: one for one in _HELD}
"""Modules that the source of values may use; a test imports what it uses of them."""
MOST_ITEMS = 40
"""Of an iterator's items, how many are looked at."""
_CACHED = 20_000
Compiled = Dict[Tuple[str, bool], CodeType]
"""Code of acts by source and whether it is a statement; runners may share it."""


class Outcome(NamedTuple):
    """What happened. `values` has one entry an act that ended; the error, if any, is the next one's."""

    values: List[Any]
    wrapped: str
    """
    How the last value was made one that can be looked at: ``, `list`, `islice`, `await`, `aiter`, `with`, `awith`.

    Of a call that raised, only the last two: then entering raised.
    """
    error: Optional[BaseException]
    printed: str
    was_blocked: bool


def namespace_of(module: ModuleType) -> Dict[str, Any]:
    """Return the names that tests of the module may use: its own, and the helpers that it does not hide."""
    found: Dict[str, Any] = dict(HELPERS)
    found.update((name, value) for name, value in vars(module).items() if not name.startswith("__"))
    return found


class _Patch:
    """As much of pytest's `monkeypatch` as tests use; the runner undoes it."""

    @staticmethod
    def setattr(target: str, value: List[str]) -> None:
        if target != "sys.argv" or not value:
            raise ValueError(target)
        sys.argv = [str(one) for one in value]


class Runner:
    """Runs acts, each candidate in a fresh namespace."""

    def __init__(
        self, namespace: Dict[str, Any], guard: Guard, scratch: str, compiled: Optional[Compiled] = None
    ) -> None:
        self.namespace = namespace
        self._guard = guard
        self._scratch = pathlib.Path(scratch)
        self.compiled: Compiled = {} if compiled is None else compiled
        self.locals: Dict[str, Any] = {}
        self.files: Dict[str, str] = {}
        """What files hold that the last act wrote; see `files_after`."""
        self._entering = ""

    def run(self, acts: Sequence[Act], seconds: float, *, holds: bool = False) -> Outcome:
        """
        Run the acts until one raises; raises SyntaxError where one is no source.

        With `holds`, lists, dicts and sets that the last act is given are in `locals` afterwards.
        """
        if any(is_outside(text) for act in acts for text in (*act.positional, *(value for _, value in act.keywords))):
            raise ValueError("a path out of the folder of the test")
        names = dict(self.namespace)
        names["tmp_path"] = self._scratch
        names["monkeypatch"] = _Patch
        arguments = sys.argv
        self.locals = names
        values: List[Any] = []
        wrapped = self._entering = ""
        entered: List[Any] = []
        error: Optional[BaseException] = None
        output = io.StringIO()
        kept = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = output, io.StringIO()
        self._guard.arm(seconds)
        try:
            try:
                for number, act in enumerate(acts):
                    is_last = number == len(acts) - 1
                    if is_last and holds:
                        act, held = held_arguments(act)  # noqa: PLW2901 - the same, its arguments within reach
                        names.update((name, self.value(text, names)) for name, text in held.items())
                    value, wrapped = self._act(act, names, is_last=is_last)
                    if enters(act):
                        entered.append(names[act.receiver])
                    names[f"v{number}"] = value
                    values.append(value)
            except BaseException as raised:  # noqa: BLE001 - whatever the code under test raises is its outcome
                error, wrapped = raised, self._entering
            finally:
                _leave(entered)
                self._guard.disarm()
        except Hang as late:
            error = late
        finally:
            self._guard.disarm()
            sys.stdout, sys.stderr = kept
            sys.argv = arguments
        if isinstance(error, SyntaxError) and error.filename == "<test>":
            raise error
        self.files = files_after(acts, self._scratch) if holds and uses_folder(acts) else {}
        self._tidy(acts)
        return Outcome(values, wrapped, error, output.getvalue(), self._guard.was_hit)

    def value(self, text: str, names: Dict[str, Any]) -> Any:
        """Return the value of a source; raises what it raises."""
        return eval(self._code(text, is_whole=False), names)  # noqa: S307 - as a test has it

    def _act(self, act: Act, names: Dict[str, Any], *, is_last: bool) -> Tuple[Any, str]:
        if is_statement(act):
            exec(self._code(source(act), is_whole=True), names)  # noqa: S102 - the statement under test
            return None, ""
        value: Any = self.value(source(act), names)
        if inspect.iscoroutine(value):
            return _run(value), "await"
        if not is_last:
            return value, ""
        wrapped = _way_into(value) if act.kind != CONSTRUCTOR else ""
        if wrapped:
            self._entering = wrapped if wrapped != "aiter" else ""
            return _INTO[wrapped](value), wrapped
        if isinstance(value, Iterator) and not isinstance(value, io.IOBase):
            items: List[Any] = list(islice(cast("Iterator[Any]", value), MOST_ITEMS + 1))
            return (items, "list") if len(items) <= MOST_ITEMS else (items[:MOST_ITEMS], "islice")
        return value, ""

    def _code(self, text: str, *, is_whole: bool) -> CodeType:
        code = self.compiled.get((text, is_whole))
        if code is None:
            if len(self.compiled) > _CACHED:
                self.compiled.clear()
            code = compile(text, "<test>", "exec" if is_whole else "eval")
            self.compiled[text, is_whole] = code
        return code

    def _tidy(self, acts: Sequence[Act]) -> None:
        """Empty the scratch folder where the acts had it."""
        if not uses_folder(acts):
            return
        for name in os.listdir(self._scratch):
            path = self._scratch / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()


def _leave(entered: List[Any]) -> None:
    """Leave what was entered as `with` does after a body that raised nothing."""
    for held in reversed(entered):
        held.__exit__(None, None, None)


def _way_into(value: Any) -> str:
    """Return how to get at what a value is made for, where that is no object of its own: see `Outcome.wrapped`."""
    kind: Any = value.__class__
    if hasattr(kind, "__anext__"):
        return "aiter"
    if kind.__module__ != "contextlib":
        return ""
    return "with" if hasattr(kind, "__enter__") else "awith" if hasattr(kind, "__aenter__") else ""


def _entered(manager: Any) -> Any:
    with manager as held:
        return held


def _entered_later(manager: Any) -> Any:
    async def held() -> Any:
        async with manager as held:
            return held

    return _run(held())


def _items_of(iterator: Any) -> Any:
    async def items() -> List[Any]:
        found: List[Any] = []
        async for one in iterator:
            found.append(one)
            if len(found) > MOST_ITEMS:
                raise Blocked
        return found

    return _run(items())


def _run(awaited: Coroutine[Any, Any, Any]) -> Any:
    import asyncio  # slow to import, and seldom needed

    return asyncio.run(awaited)


_INTO: Dict[str, Callable[[Any], Any]] = {"with": _entered, "awith": _entered_later, "aiter": _items_of}
