"""The module under test, imported from a tree of syntax: as it is, instrumented, or mutated."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.machinery
import importlib.util
import io
import os
import sys
from types import CodeType, ModuleType
from typing import Any, Callable, Optional, Sequence

from regoose_guest.testgen.guard import Hang

_DEEP = 1000
"""Recursion limit under which a module may be parsed and imported."""


class CannotLoad(Exception):
    """The module cannot be imported; the text says why, in a sentence."""


class Program:
    """One module of a tree on disk: its text, its name, and how it comes into this process."""

    def __init__(self, root: str, path: str, name: str) -> None:
        self.root = root
        self.path = os.path.join(root, path)
        self.real_path = os.path.realpath(self.path)
        self.name = name
        with open(self.path, "rb") as file:
            raw = file.read()
        try:
            self.source = importlib.util.decode_source(raw)
            self.tree = ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
            raise CannotLoad(f"`{path}` cannot be parsed: {type(problem).__name__}: {problem}.") from problem
        self.code: CodeType = compile(self.tree, self.path, "exec", dont_inherit=True)

    def compiled(self, change: Optional[Callable[[ast.Module], ast.Module]] = None) -> CodeType:
        """Return the module's code, of a changed copy of its tree where `change` is given."""
        if change is None:
            return self.code
        tree = ast.fix_missing_locations(change(ast.parse(self.source)))
        return compile(tree, self.path, "exec", dont_inherit=True)

    def load(self, code: CodeType) -> ModuleType:
        """Import the module with this code in place of what its file would give. Raises `CannotLoad`."""
        finder = _Finder(self.name, self.path, code)
        sys.meta_path.insert(0, finder)
        sys.modules.pop(self.name, None)
        before = os.getcwd()
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                return importlib.import_module(self.name)
        except Hang:
            raise
        except BaseException as problem:
            said = f"{type(problem).__name__}: {problem}".strip().rstrip(":. ")
            raise CannotLoad(f"Importing `{self.name}` raises {said}.") from problem
        finally:
            sys.meta_path.remove(finder)
            os.chdir(before)

    def again(self, original: ModuleType, code: CodeType) -> ModuleType:
        """Run the code as a second module of the same name, beside the first, which it replaces in `sys.modules`."""
        module = ModuleType(self.name)
        for key in ("__name__", "__file__", "__package__", "__spec__", "__loader__", "__path__"):
            if hasattr(original, key):
                setattr(module, key, getattr(original, key))
        sys.modules[self.name] = module
        exec(code, module.__dict__)  # noqa: S102 - the module's own code, changed at one place
        return module


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        del fullname
        return self._code


class _Finder:
    """Finds one module, with code of our own."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        self._name = name
        self._path = path
        self._code = code

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        del path, target
        if name != self._name:
            return None
        inside: Any = [os.path.dirname(self._path)] if os.path.basename(self._path) == "__init__.py" else None
        loader = _Loader(name, self._path, self._code)
        return importlib.util.spec_from_file_location(
            name, self._path, loader=loader, submodule_search_locations=inside
        )
