"""Modules with one small change, made fast: only the changed function is compiled, the rest is shared."""

from __future__ import annotations

import ast
import sys
from types import CodeType, ModuleType
from typing import Dict, List, Optional, Tuple

from regoose_guest.alone import Place, compiled_alone, future_flags
from regoose_guest.mutation.operators import Change, changes_of
from regoose_guest.testgen.guard import Guard
from regoose_guest.testgen.loading import Program

_IMPORT_SECONDS = 2.0


class Mutants:
    """The changes of a module and what becomes of it under each."""

    def __init__(self, program: Program, original: ModuleType, guard: Guard) -> None:
        self._program = program
        self._original = original
        self._guard = guard
        self._tree = ast.parse(program.source)
        self.changes: List[Change] = changes_of(self._tree)
        self._flags = future_flags(program.code)

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
        if change.place is not None:
            grafted = self._grafted(change.place)
            if grafted is not None:
                return grafted
        return compile(self._tree, self._program.path, "exec", dont_inherit=True)

    def _grafted(self, place: Place) -> Optional[CodeType]:
        code = compiled_alone(place.function, place.owners, self._program.path, self._flags)
        names = [*(owner.name for owner in place.owners), place.function.name]
        return _replaced(self._program.code, names, place.first, code)


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
