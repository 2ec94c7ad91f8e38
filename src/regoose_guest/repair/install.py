"""Make a candidate live in this process, in place, so that references held elsewhere see it."""

from __future__ import annotations

import contextlib
import sys
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Callable, Dict, List, Tuple

from regoose_guest.alone import compiled_alone, future_flags
from regoose_guest.repair.candidates import Candidate, Part
from regoose_guest.repair.edits import Edit, apply
from regoose_guest.repair.program import Program
from regoose_guest.repair.scope import Scope
from regoose_guest.repair.source import Source, first_line

Undo = Callable[[], None]

_KEPT_OF_CLASS = frozenset(("__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__slots__"))


class NotLive(Exception):
    """The edited function is not held by anything in this process."""


class Installer:
    """Applies candidates. The process is a child's: what cannot be undone ends with it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._flags: Dict[str, int] = {}

    def install(self, candidate: Candidate) -> Undo:
        """Apply a candidate's edits and make them live; returns what undoes it, but for modules run again."""
        undos: List[Undo] = [apply(source, edits) for source, edits in _by_source(candidate)]
        swapped: List[Tuple[FunctionType, CodeType]] = []
        try:
            for part in _distinct(candidate.parts):
                if part.hot and part.scope is not None and candidate.hot:
                    self._swap(part.source, part.scope, swapped)
                else:
                    self._run_again(part.source)
        except BaseException:
            _restore(swapped, undos)
            raise
        self._forget_answers()
        return lambda: _restore(swapped, undos)

    def _forget_answers(self) -> None:
        for cached in self._program.caches:
            cached.cache_clear()

    def _future(self, source: Source) -> int:
        if source.path not in self._flags:
            code = compile(source.tree, source.path, "exec", dont_inherit=True)
            self._flags[source.path] = future_flags(code)
        return self._flags[source.path]

    def prepare(self, source: Source) -> None:
        """Find out a file's future flags while its tree is untouched."""
        self._future(source)

    def _swap(self, source: Source, scope: Scope, swapped: List[Tuple[FunctionType, CodeType]]) -> None:
        code = compiled_alone(scope.function, scope.classes, source.path, self._future(source))
        key = (source.path, first_line(scope.function), scope.function.name)
        functions = self._program.live.get(key, ())
        if not functions:
            raise NotLive
        for function in functions:
            swapped.append((function, function.__code__))
            function.__code__ = code
        self._swap_inner(source, code, swapped)

    def _swap_inner(self, source: Source, code: CodeType, swapped: List[Tuple[FunctionType, CodeType]]) -> None:
        """Closures made before the edit get the new code of the function they were made from."""
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                for function in self._program.live.get((source.path, constant.co_firstlineno, constant.co_name), ()):
                    if function.__code__.co_freevars == constant.co_freevars:
                        swapped.append((function, function.__code__))
                        function.__code__ = constant
                self._swap_inner(source, constant, swapped)

    def _run_again(self, source: Source) -> None:
        """Run the edited module in its own namespace and graft the new functions and classes onto the old."""
        for module in self._program.modules.get(source.path, ()):
            old = dict(module.__dict__)
            exec(compile(source.tree, source.path, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - its own code
            self._rebind(module, _grafted(module, old))

    def _rebind(self, module: ModuleType, replaced: Dict[str, Tuple[object, object]]) -> None:
        for other in list(sys.modules.values()):
            path = getattr(other, "__file__", None)
            if (
                other is module
                or not isinstance(path, str)
                or not self._program.real(path).startswith(self._program.root)
            ):
                continue
            for held, value in list(vars(other).items()):
                for name, (old, new) in replaced.items():
                    if value is old and (held == name or not isinstance(old, (bool, int, str, type(None)))):
                        setattr(other, held, new)


def _by_source(candidate: Candidate) -> List[Tuple[Source, List[Edit]]]:
    grouped: Dict[int, Tuple[Source, List[Edit]]] = {}
    for part in candidate.parts:
        grouped.setdefault(id(part.source), (part.source, []))[1].extend(part.edits)
    return list(grouped.values())


def _distinct(parts: Tuple[Part, ...]) -> List[Part]:
    """Two edits of one function need it compiled once."""
    seen: Dict[Tuple[int, int], Part] = {}
    for part in parts:
        seen.setdefault((id(part.source), id(part.scope) if part.hot else 0), part)
    return list(seen.values())


def _restore(swapped: List[Tuple[FunctionType, CodeType]], undos: List[Undo]) -> None:
    for function, code in reversed(swapped):
        function.__code__ = code
    for undo in reversed(undos):
        undo()


def _grafted(module: ModuleType, old: Dict[str, object]) -> Dict[str, Tuple[object, object]]:
    """Keep the old functions and classes with their new content; return what could not be kept."""
    replaced: Dict[str, Tuple[object, object]] = {}
    for name, new in list(vars(module).items()):
        before = old.get(name)
        if before is None or before is new or name.startswith("__"):
            continue
        if isinstance(new, (type, FunctionType)) and new.__module__ != module.__name__:
            continue
        if isinstance(before, FunctionType) and isinstance(new, FunctionType):
            kept = graft_function(before, new)
        else:
            kept = isinstance(before, type) and isinstance(new, type) and graft_class(before, new)
        if kept:
            setattr(module, name, before)
        else:
            replaced[name] = (before, new)
    return replaced


def graft_function(old: FunctionType, new: FunctionType) -> bool:
    """Give a function the code and defaults of another; False where their closures differ."""
    if old.__code__.co_freevars != new.__code__.co_freevars:
        return False
    for mine, other in zip(old.__closure__ or (), new.__closure__ or ()):
        with contextlib.suppress(ValueError):  # an empty cell stays empty
            mine.cell_contents = other.cell_contents
    old.__code__ = new.__code__
    old.__defaults__ = new.__defaults__
    old.__kwdefaults__ = new.__kwdefaults__
    return True


def graft_class(old: type, new: type) -> bool:
    """Give a class the members of another; False where it does not take them."""
    members: Dict[str, object] = {}
    for name, value in list(vars(new).items()):
        before = vars(old).get(name)
        if name in _KEPT_OF_CLASS or isinstance(before, (MemberDescriptorType, GetSetDescriptorType)):
            continue
        if isinstance(before, FunctionType) and isinstance(value, FunctionType) and graft_function(before, value):
            continue
        members[name] = value
    try:
        for name, value in members.items():
            setattr(old, name, value)
    except (AttributeError, TypeError):
        return False
    return True
