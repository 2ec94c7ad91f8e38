"""Calls that tests make to the program under repair, with copies of their arguments."""

from __future__ import annotations

import copy
import gc
import sys
from inspect import CO_OPTIMIZED
from types import CodeType, FrameType, FunctionType
from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple, cast

from regoose_guest.repair.program import LiveKey, Program

_PER_FUNCTION = 40
_CLOSURES = 5
"""Functions of one code that calls are recorded of."""
_SCANS = 200
"""Looks through the heap for the function of a frame."""


class Call(NamedTuple):
    """A call of one of the program's functions."""

    key: LiveKey
    which: int
    """Place of the function called among the living ones of that key."""
    positional: Tuple[object, ...]
    keywords: Dict[str, object]
    near_red: bool
    """Recorded in, or derived from a call in, a failing test."""
    edited: bool
    """Whether an edited function is called, or one that it made."""
    generated: bool = False


class Recorder:
    """
    Copies the arguments of calls that tests make to the program; use within `sys.setprofile`.

    Functions that an edited function makes while a test runs are kept alive and added to what lives of the program:
    what they do is what the edit changes.
    """

    def __init__(self, program: Program, edited: Mapping[LiveKey, int]) -> None:
        self._program = program
        self._edited = edited
        self.calls: List[Call] = []
        self._counts: Dict[Tuple[LiveKey, bool], int] = {}
        self._keys: Dict[CodeType, LiveKey] = {}
        for key, functions in program.live.items():
            for function in functions:
                self._keys[function.__code__] = key
        self.near_red = False
        self._busy = False
        self._scans = 0

    def start(self) -> None:
        """Begin to listen in this thread."""
        sys.setprofile(self._on_event)

    @staticmethod
    def stop() -> None:
        """Stop listening."""
        sys.setprofile(None)

    def _on_event(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or self._busy:
            return
        key = self._keys.get(frame.f_code) or self._made_by_edited(frame.f_code)
        if key is None or self._counts.get((key, self.near_red), 0) >= _PER_FUNCTION:
            return
        caller = frame.f_back
        entry = caller is not None and not self._program.is_source(self._program.real(caller.f_code.co_filename))
        if not entry and not self._is_edited(key):
            return
        self._busy = True
        try:
            which = self._which(frame, key)
            if which is None:
                return
            positional, keywords = _arguments(frame)
            given = copy.deepcopy(positional), copy.deepcopy(keywords)
            self.calls.append(Call(key, which, *given, self.near_red, self._is_edited(key)))
            self._counts[(key, self.near_red)] = self._counts.get((key, self.near_red), 0) + 1
        except Exception:  # noqa: BLE001, S110 - arguments that cannot be copied cannot be replayed
            pass
        finally:
            self._busy = False

    def _made_by_edited(self, code: CodeType) -> Optional[LiveKey]:
        """Return the key of a function inside an edited one; None for a comprehension or the body of a class."""
        if not code.co_flags & CO_OPTIMIZED or (code.co_name.startswith("<") and code.co_name != "<lambda>"):
            return None
        key = (self._program.real(code.co_filename), code.co_firstlineno, code.co_name)
        return key if self._is_edited(key) else None

    def _is_edited(self, key: LiveKey) -> bool:
        return key in self._edited or is_inside(key, self._edited)

    def _which(self, frame: FrameType, key: LiveKey) -> Optional[int]:
        """Find the function that a frame runs among those that live; None where that cannot be told."""
        functions = self._program.live.setdefault(key, [])
        values = frame.f_locals
        for place, function in enumerate(functions):
            if function.__code__ is frame.f_code and _closes_over(function, values):
                return place
        self._scans += 1
        if len(functions) >= _CLOSURES or self._scans > _SCANS:
            return None
        for held in gc.get_referrers(frame.f_code):
            if type(held) is FunctionType and held.__code__ is frame.f_code and _closes_over(held, values):
                functions.append(held)
                self._keys[frame.f_code] = key
                return len(functions) - 1
        return None


def is_inside(key: LiveKey, edited: Mapping[LiveKey, int]) -> bool:
    """Whether a function stands inside one of those given with their last lines."""
    path, line, _ = key
    return any(path == other and first < line <= last for (other, first, _), last in edited.items())


def _closes_over(function: FunctionType, values: Mapping[str, object]) -> bool:
    """Whether the closure of a function holds the very values that a frame sees."""
    cells = function.__closure__ or ()
    try:
        return all(values.get(name) is cell.cell_contents for name, cell in zip(function.__code__.co_freevars, cells))
    except ValueError:  # an empty cell
        return False


def _arguments(frame: FrameType) -> Tuple[Tuple[object, ...], Dict[str, object]]:
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames
    plain = code.co_argcount
    positional = [values[name] for name in names[:plain]]
    keywords: Dict[str, object] = {name: values[name] for name in names[plain : plain + code.co_kwonlyargcount]}
    at = plain + code.co_kwonlyargcount
    if code.co_flags & 0x04:
        positional += cast("Tuple[object, ...]", values[names[at]])
        at += 1
    if code.co_flags & 0x08:
        keywords.update(cast("Dict[str, object]", values[names[at]]))
    return tuple(positional), keywords


def function_of(program: Program, call: Call) -> Optional[FunctionType]:
    """Return the living function of a recorded call."""
    functions = program.live.get(call.key, ())
    return functions[call.which] if call.which < len(functions) else None
