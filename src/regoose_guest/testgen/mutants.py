"""Modules with one small change, made fast: only the changed function is compiled, the rest is shared."""

from __future__ import annotations
import __future__

import ast
import copy
import sys
from types import CodeType, ModuleType
from typing import Dict, List, NamedTuple, Optional, Tuple, Union

from regoose_guest.testgen.changes import Change, changes_of
from regoose_guest.testgen.guard import Guard
from regoose_guest.testgen.loading import Program

_Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_FLAGS = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names} - {0})
_IMPORT_SECONDS = 2.0


class _Place(NamedTuple):
    """An outermost function with the classes around it."""

    owners: Tuple[ast.ClassDef, ...]
    function: _Function
    first: int
    """First line of its code object: of its first decorator."""


class Mutants:
    """The changes of a module and what becomes of it under each."""

    def __init__(self, program: Program, original: ModuleType, guard: Guard) -> None:
        self._program = program
        self._original = original
        self._guard = guard
        self._tree = ast.parse(program.source)
        self.changes: List[Change] = changes_of(self._tree)
        self._places: List[_Place] = []
        self._gather(self._tree.body, ())
        self._flags = program.code.co_flags & _FLAGS

    def _gather(self, body: List[ast.stmt], owners: Tuple[ast.ClassDef, ...]) -> None:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                self._places.append(_Place(owners, node, first))
            elif isinstance(node, ast.ClassDef):
                self._gather(node.body, (*owners, node))
            elif isinstance(node, (ast.If, ast.Try)):
                self._gather([*node.body, *node.orelse], owners)

    def load(self, number: int) -> Optional[ModuleType]:
        """Return the changed module, live in `sys.modules`; None where it does not compile or import."""
        change = self.changes[number]
        change.apply()
        try:
            code = self._compiled(change)
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            return None
        finally:
            change.undo()
        self._guard.arm(_IMPORT_SECONDS)
        self._guard.is_armed = False
        try:
            return self._program.again(self._original, code)
        except BaseException:  # noqa: BLE001 - a changed module may raise whatever it likes
            return None
        finally:
            self._guard.disarm()
            self.restore()

    def use(self, module: ModuleType) -> None:
        """Have late imports find this module."""
        sys.modules[self._program.name] = module

    def restore(self) -> None:
        """Have late imports find the original."""
        sys.modules[self._program.name] = self._original

    def _compiled(self, change: Change) -> CodeType:
        place = self._place(change.line)
        if place is not None:
            grafted = self._grafted(place)
            if grafted is not None:
                return grafted
        return compile(self._tree, self._program.path, "exec", dont_inherit=True)

    def _place(self, line: int) -> Optional[_Place]:
        """Return the outermost function whose body has a line."""
        for one in self._places:
            if one.function.body[0].lineno <= line <= (one.function.end_lineno or 0):
                return one
        return None

    def _grafted(self, place: _Place) -> Optional[CodeType]:
        function = copy.copy(place.function)
        function.decorator_list = []
        function.returns = None
        function.args = _bare(function.args)
        inner: ast.stmt = function
        for owner in reversed(place.owners):
            shell = copy.copy(owner)
            shell.bases, shell.keywords, shell.decorator_list, shell.body = [], [], [], [inner]
            inner = shell
        module = ast.Module([inner], [])
        code = compile(module, self._program.path, "exec", flags=self._flags, dont_inherit=True)
        names = [*(owner.name for owner in place.owners), function.name]
        for name in names:
            code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
        return _replaced(self._program.code, names, place.first, code)


def _bare(given: ast.arguments) -> ast.arguments:
    """Return parameters without annotations and defaults: these are evaluated outside the function."""
    bare = copy.copy(given)
    bare.defaults = []
    bare.kw_defaults = [None] * len(given.kwonlyargs)
    bare.posonlyargs = [_plain(one) for one in given.posonlyargs]
    bare.args = [_plain(one) for one in given.args]
    bare.kwonlyargs = [_plain(one) for one in given.kwonlyargs]
    bare.vararg = _plain(given.vararg) if given.vararg is not None else None
    bare.kwarg = _plain(given.kwarg) if given.kwarg is not None else None
    return bare


def _plain(given: ast.arg) -> ast.arg:
    return ast.copy_location(ast.arg(given.arg), given)


def _replaced(code: CodeType, names: List[str], first: int, new: CodeType) -> Optional[CodeType]:
    """Return the code with one function below it replaced; None where it is not found."""
    constants = list(code.co_consts)
    for number, one in enumerate(constants):
        if not isinstance(one, CodeType) or one.co_name != names[0]:
            continue
        if len(names) == 1:
            if one.co_firstlineno != first or one.co_freevars != new.co_freevars:
                continue
            made: Optional[CodeType] = new
        else:
            made = _replaced(one, names[1:], first, new)
        if made is not None:
            constants[number] = made
            return code.replace(co_consts=tuple(constants))
    return None


def statement_lines(tree: ast.Module) -> Dict[int, Tuple[int, int]]:
    """Return, for each line of the text, the first and last line of the smallest statement that it belongs to."""
    found: Dict[int, Tuple[int, int]] = {}
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, (ast.stmt, ast.ExceptHandler)):
            last = node.end_lineno or node.lineno
            found.update(dict.fromkeys(range(node.lineno, last + 1), (node.lineno, last)))
    return found
