"""
Two versions of a library's files in one process: which functions differ, and switching between the versions.

Runs on the target's interpreter, Python 3.9 and later.
"""

from __future__ import annotations

import ast
import gc
import sys
import types
import warnings
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

_FUNCTION_FLAG = 0x01
"""CO_OPTIMIZED: set for functions, not for class and module bodies."""


def signature(code: CodeType) -> tuple[object, ...]:
    """Return what a code object does, without its place in the file."""
    constants = tuple(
        signature(constant) if isinstance(constant, CodeType) else (type(constant).__name__, repr(constant))
        for constant in code.co_consts
    )
    counts = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_name, code.co_code, constants, counts, names, getattr(code, "co_exceptiontable", b"")


def _compiled(text: str, path: str) -> CodeType:
    """Compile as an import does: without this file's own future statements."""
    return compile(text, path, "exec", dont_inherit=True)


def _children(code: CodeType) -> dict[tuple[str, int], CodeType]:
    """Return the code objects inside another by name and how many of that name came before."""
    found: dict[tuple[str, int], CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            index = 0
            while (constant.co_name, index) in found:
                index += 1
            found[constant.co_name, index] = constant
    return found


def _statement_names(statement: ast.stmt) -> list[str]:
    """Return the names that a plain assignment binds."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    else:
        return []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def _bindings(body: list[ast.stmt]) -> dict[str, str]:
    """Map the names assigned in a body to their statements."""
    table: dict[str, str] = {}
    for statement in body:
        for name in _statement_names(statement):
            table[name] = table.get(name, "") + ast.dump(statement)
    return table


def _differing_names(fixed: list[ast.stmt], patched: list[ast.stmt]) -> set[str]:
    """Return names whose assignment differs, and names computed from those."""
    old, new = _bindings(fixed), _bindings(patched)
    names = {name for name in {*old, *new} if old.get(name) != new.get(name)}
    grown = True
    while grown:
        grown = False
        for statement in [*fixed, *patched]:
            used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            bound = set(_statement_names(statement)) - names
            if bound and used & names:
                names |= bound
                grown = True
    return names


def _classes(tree: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _defaults(tree: ast.Module, names: set[str]) -> dict[tuple[str, int], str]:
    """Map functions, by name and first line, to their default arguments, where they have any."""
    table: dict[tuple[str, int], str] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            values = [value for value in [*node.args.defaults, *node.args.kw_defaults] if value is not None]
            used = {part.id for value in values for part in ast.walk(value) if isinstance(part, ast.Name)}
            line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            dumped = ", ".join(ast.dump(value) for value in values)
            table[node.name, line] = dumped + (f" in version {id(tree)}" if used & names else "")
    return table


class Versions:
    """The fixed version, which is imported, and the patched one, whose code can take its place."""

    def __init__(self, root: str, changes: list[dict[str, str]]) -> None:
        self.root = root
        self.changes = changes
        self.differing: set[CodeType] = set()
        """Code objects of the fixed version, as imported, that behave otherwise in the patched one."""
        self._pairs: dict[CodeType, CodeType] = {}
        self._names: set[str] = set()
        self._defaults_of: tuple[dict[tuple[str, int], str], ...] = ()
        self._functions: list[tuple[FunctionType, CodeType, CodeType]] = []
        self._defaults: list[tuple[FunctionType, Any, Any]] = []
        self._values: list[tuple[Any, str, Any, Any]] = []
        self._patched = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for change in changes:
                self._pair_file(change)

    def _pair_file(self, change: dict[str, str]) -> None:
        path = str(Path(self.root) / change["path"])
        fixed, patched = ast.parse(change["fixed"]), ast.parse(change["patched"])
        self._names |= _differing_names(fixed.body, patched.body)
        after = _classes(patched)
        for name, node in _classes(fixed).items():
            if name in after:
                self._names |= _differing_names(node.body, after[name].body)
        self._defaults_of = (_defaults(fixed, self._names), _defaults(patched, self._names))
        self._pair(_compiled(change["fixed"], path), _compiled(change["patched"], path))

    def _pair(self, fixed: CodeType, patched: CodeType) -> None:
        twins = _children(patched)
        for key, code in _children(fixed).items():
            if key in twins:
                self._pair(code, twins[key])
        if not fixed.co_flags & _FUNCTION_FLAG:
            return
        self._pairs[fixed] = patched
        old, new = (
            table.get((code.co_name, code.co_firstlineno)) for table, code in zip(self._defaults_of, (fixed, patched))
        )
        if signature(fixed) != signature(patched) or self._names & set(fixed.co_names) or old != new:
            self.differing.add(fixed)

    def function_of(self, frame: FrameType) -> FunctionType | None:
        """Find the function object that a frame runs."""
        found: list[FunctionType] = [
            item
            for item in gc.get_referrers(frame.f_code)
            if isinstance(item, FunctionType) and item.__code__ is frame.f_code
        ]
        if len(found) > 1:
            values = frame.f_locals
            found = [item for item in found if _closes_over(item, values)]
        return found[0] if found else None

    def prepare(self) -> str | None:
        """Find everything to exchange once the tests have run; return why that cannot be, if so."""
        try:
            for change in self.changes:
                self._prepare_values(change)
        except Exception as problem:  # noqa: BLE001 - the patched module may raise anything when it runs
            return f"the patched module cannot be run beside the other: {problem!r}"
        for item in gc.get_objects():
            if isinstance(item, FunctionType) and item.__code__ in self._pairs:
                patched = self._pairs[item.__code__]
                if patched.co_freevars != item.__code__.co_freevars:
                    return f"{item.__qualname__} closes over other variables"
                self._functions.append((item, item.__code__, patched))
        return None

    def _prepare_values(self, change: dict[str, str]) -> None:
        """Run the patched module aside and note values of names and default arguments that differ."""
        path = str(Path(self.root) / change["path"])
        live = next((module for module in _modules() if getattr(module, "__file__", None) == path), None)
        if live is None:
            return
        twin = types.ModuleType(live.__name__)
        facts = {name: live.__dict__.get(name) for name in ("__package__", "__file__", "__spec__", "__path__")}
        twin.__dict__.update({name: value for name, value in facts.items() if value is not None})
        exec(_compiled(change["patched"], path), twin.__dict__)
        self._note_values(live, twin)
        for name, value in list(vars(live).items()):
            other = vars(twin).get(name)
            if isinstance(value, FunctionType) and isinstance(other, FunctionType):
                self._note_defaults(value, other)
            elif isinstance(value, type) and isinstance(other, type) and value.__module__ == live.__name__:
                self._note_values(value, other)
                self._note_method_defaults(value, other)

    def _note_values(self, live: ModuleType | type, twin: ModuleType | type) -> None:
        old: dict[str, Any] = dict(vars(live))
        new: dict[str, Any] = dict(vars(twin))
        for name in self._names & set(old) & set(new):
            self._values.append((live, name, old[name], new[name]))
            for module in _modules():
                if module is not live and vars(module).get(name, self) is old[name]:
                    self._values.append((module, name, old[name], new[name]))

    def _note_method_defaults(self, live: type, twin: type) -> None:
        for name, value in vars(live).items():
            other = vars(twin).get(name)
            if isinstance(value, FunctionType) and isinstance(other, FunctionType):
                self._note_defaults(value, other)

    def _note_defaults(self, live: FunctionType, twin: FunctionType) -> None:
        if repr((live.__defaults__, live.__kwdefaults__)) != repr((twin.__defaults__, twin.__kwdefaults__)):
            self._defaults.append(
                (live, (live.__defaults__, live.__kwdefaults__), (twin.__defaults__, twin.__kwdefaults__))
            )

    def switch(self, *, patched: bool) -> None:
        """Make one of the versions the live one."""
        if patched == self._patched:
            return
        self._patched = patched
        for function, fixed_code, patched_code in self._functions:
            function.__code__ = patched_code if patched else fixed_code
        for function, fixed_defaults, patched_defaults in self._defaults:
            function.__defaults__, function.__kwdefaults__ = patched_defaults if patched else fixed_defaults
        for owner, name, fixed_value, patched_value in self._values:
            setattr(owner, name, patched_value if patched else fixed_value)


def _modules() -> list[ModuleType]:
    return [module for module in list(sys.modules.values()) if type(module) is ModuleType]


def _closes_over(function: FunctionType, values: Any) -> bool:
    """Tell whether the closure of a function holds the very values that a frame sees."""
    try:
        names, cells = function.__code__.co_freevars, function.__closure__ or ()
        return all(values.get(name) is cells[index].cell_contents for index, name in enumerate(names))
    except ValueError:
        return False
