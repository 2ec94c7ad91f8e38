"""Put a change into a process that has imported the module already, or is going to."""

from __future__ import annotations

import gc
import importlib.machinery
import os
import sys
from collections import Counter, defaultdict
from types import CodeType, FunctionType
from typing import Callable, DefaultDict, Dict, List, Optional, Tuple
from typing import Counter as Count

_Key = Tuple[int, str]
"""First line and name of a function's code."""


class NotLive(Exception):
    """The change cannot be put in place: the module must be imported with it."""


class Live:
    """The functions of one file that this process holds."""

    def __init__(self, real: str) -> None:
        self._functions: DefaultDict[_Key, List[FunctionType]] = defaultdict(list)
        known: Dict[str, bool] = {}
        for held in gc.get_objects():
            if type(held) is FunctionType:
                code = held.__code__
                name = code.co_filename
                if name not in known:
                    known[name] = os.path.realpath(name) == real
                if known[name]:
                    self._functions[code.co_firstlineno, code.co_name].append(held)
        self.is_imported = bool(self._functions) or is_imported(real)

    def swap(self, first: int, code: CodeType) -> None:
        """
        Give the function whose code begins on line `first`, and closures made from it, new code.

        Raises `NotLive` where one of them is held by nothing, cannot take the code, or is one of several alike.
        """
        pairs: List[Tuple[FunctionType, CodeType]] = []
        functions = self._functions.get((first, code.co_name), [])
        if not functions:
            raise NotLive
        pairs += ((one, code) for one in functions)
        inner = list(_inside(code))
        alike: Count[_Key] = Counter((one.co_firstlineno, one.co_name) for one in inner)
        for one in inner:
            key = (one.co_firstlineno, one.co_name)
            held = self._functions.get(key, [])
            if held and alike[key] > 1:
                raise NotLive
            pairs += ((function, one) for function in held)
        if any(function.__code__.co_freevars != new.co_freevars for function, new in pairs):
            raise NotLive
        for function, new in pairs:
            function.__code__ = new


def _inside(code: CodeType) -> List[CodeType]:
    found: List[CodeType] = []
    for one in code.co_consts:
        if isinstance(one, CodeType):
            found += (one, *_inside(one))
    return found


def is_imported(real: str) -> bool:
    """Whether a module of this process came from a file."""
    name = os.path.basename(real)
    return any(path.endswith(name) and os.path.realpath(path) == real for _, path in files())


def files() -> List[Tuple[str, str]]:
    """Return the names of all modules that came from files, with these, in the order of their import."""
    found: List[Tuple[str, str]] = []
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str):
            found.append((name, path))
    return found


def import_as(code_of: Callable[[str], Optional[CodeType]]) -> None:
    """Have every later import of a file, under any name, run the code found by its path. For good."""
    kind = importlib.machinery.SourceFileLoader
    ordinary = kind.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> object:
        return code_of(os.path.realpath(self.path)) or ordinary(self, fullname)

    setattr(kind, "get_code", get_code)  # noqa: B010 - inherited, so there is no assignment that a checker likes
