"""The program under repair as this process holds it: its files, modules, live functions."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import sys
from collections import defaultdict
from types import CodeType, FunctionType, ModuleType
from typing import Dict, Iterable, List, Optional, Protocol, Tuple, cast

from regoose_guest.repair.source import Source

LiveKey = Tuple[str, int, str]
"""Path, first line and name of a function's code."""

_NOT_SOURCE_DIRECTORIES = frozenset(
    (
        *("tests", "test", "testing", "docs", "doc", "venv", ".venv", "env", "site-packages", "dist-packages"),
        *(".git", "node_modules", ".tox", ".nox", "build", "examples", "benchmarks"),
    )
)
_NOT_SOURCE_FILES = frozenset(("conftest.py", "setup.py", "noxfile.py", "tasks.py"))


class Cached(Protocol):
    """A function behind `functools.lru_cache`."""

    __wrapped__: object

    def cache_clear(self) -> None:
        """Forget every answer."""
        ...


class Program:
    """Finds what may be edited and what must be rebound when it is."""

    def __init__(self, root: str, test_files: Iterable[str] = ()) -> None:
        self.root = os.path.realpath(root)
        self._test_files = frozenset(os.path.realpath(path) for path in test_files)
        self._real: Dict[str, str] = {}
        self._is_source: Dict[str, bool] = {}
        self._sources: Dict[str, Optional[Source]] = {}
        self.modules: Dict[str, List[ModuleType]] = {}
        self.live: Dict[LiveKey, List[FunctionType]] = {}
        self.caches: List[Cached] = []

    def real(self, path: str) -> str:
        """Resolve a path as code objects carry it."""
        found = self._real.get(path)
        if found is None:
            found = self._real[path] = path if not path or path.startswith("<") else os.path.realpath(path)
        return found

    def relative(self, path: str) -> str:
        """Return the path relative to the root, with forward slashes."""
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def is_source(self, path: str) -> bool:
        """Whether a real path is a file that edits may touch: in the tree, no test, nothing installed."""
        found = self._is_source.get(path)
        if found is None:
            found = self._is_source[path] = self._decide(path)
        return found

    def _decide(self, path: str) -> bool:
        if not path.startswith(self.root + os.sep) or not path.endswith(".py") or path in self._test_files:
            return False
        *directories, base = os.path.relpath(path, self.root).split(os.sep)
        if base in _NOT_SOURCE_FILES or base.startswith("test_") or base.endswith("_test.py"):
            return False
        return not any(directory in _NOT_SOURCE_DIRECTORIES for directory in directories)

    def source(self, path: str) -> Optional[Source]:
        """Parse a file once; None where it cannot be read."""
        if path not in self._sources:
            try:
                with open(path, "rb") as file:
                    self._sources[path] = Source(path, file.read())
            except (OSError, SyntaxError, ValueError, LookupError, RecursionError):
                self._sources[path] = None
        return self._sources[path]

    def load(self, names: Iterable[str] = ()) -> None:
        """Import modules that tests import late, then find everything live. Call again after new imports."""
        for name in names:
            with contextlib.suppress(BaseException):  # a module that does not import here stays untouched
                importlib.import_module(name)
        modules: Dict[str, List[ModuleType]] = defaultdict(list)
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and self.is_source(self.real(path)):
                modules[self.real(path)].append(module)
        self.modules = dict(modules)
        live: Dict[LiveKey, List[FunctionType]] = defaultdict(list)
        self.caches = []
        cached_type = type(functools.lru_cache(_nothing))
        for held in gc.get_objects():
            if type(held) is FunctionType:
                code = held.__code__
                path = self.real(code.co_filename)
                if self.is_source(path):
                    live[(path, code.co_firstlineno, code.co_name)].append(held)
            elif type(held) is cached_type:
                self.caches.append(cast("Cached", held))
        self.live = dict(live)

    def late_modules(self, before: Iterable[str]) -> List[str]:
        """Name the modules of this tree imported since `before`."""
        known = set(before)
        found: List[str] = []
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if name not in known and isinstance(path, str) and self.is_source(self.real(path)):
                found.append(name)
        return found

    def codes(self) -> List[CodeType]:
        """Return the code of every live function and of the functions inside it."""
        seen: Dict[int, CodeType] = {}
        pending = [function.__code__ for functions in self.live.values() for function in functions]
        while pending:
            code = pending.pop()
            if id(code) not in seen:
                seen[id(code)] = code
                pending += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        return list(seen.values())


def _nothing() -> None:
    """Stand in for a function where only the wrapper's type is wanted."""
