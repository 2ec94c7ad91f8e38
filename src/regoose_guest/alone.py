"""Compile one function of a module alone: what a small change to a large module costs least with."""

from __future__ import annotations
import __future__

import ast
import copy
from types import CodeType
from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar, Union

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

_FUTURE_FLAGS = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names} - {0})
"""Every feature has a bit of its own; features of long ago may share none."""

N = TypeVar("N", bound=ast.AST)


class Place(NamedTuple):
    """An outermost function with the classes around it."""

    owners: Tuple[ast.ClassDef, ...]
    function: Function

    @property
    def first(self) -> int:
        """First line of its code object: of its first decorator."""
        return min([self.function.lineno, *(one.lineno for one in self.function.decorator_list)])

    def holds(self, line: int) -> bool:
        """Whether a line stands in the body, which runs only when the function is called."""
        return self.function.body[0].lineno <= line <= (self.function.end_lineno or 0)


def places_of(body: Sequence[ast.stmt], owners: Tuple[ast.ClassDef, ...] = ()) -> Iterator[Place]:
    """Yield the outermost functions of a module or class, those inside its conditions and loops included."""
    for node in body:
        if isinstance(node, FUNCTIONS):
            yield Place(owners, node)
        elif isinstance(node, ast.ClassDef):
            yield from places_of(node.body, (*owners, node))
        else:
            for name in ("body", "orelse", "finalbody"):
                yield from places_of(getattr(node, name, []), owners)
            for handler in getattr(node, "handlers", []):
                yield from places_of(handler.body, owners)


def future_flags(code: CodeType) -> int:
    """Return the compiler's flags for the `from __future__` imports of a module's code."""
    return code.co_flags & _FUTURE_FLAGS


def compiled_alone(function: Function, owners: Sequence[ast.ClassDef], path: str, flags: int) -> CodeType:
    """
    Return the code of one function, compiled inside its classes so that names are mangled and `super` works.

    Decorators, annotations and defaults are left out: they are evaluated outside the function. Raises what `compile`
    raises.
    """
    inner: ast.stmt = changed(function, decorator_list=[], returns=None, args=_bare(function.args))
    for owner in reversed(owners):
        inner = changed(owner, bases=[], keywords=[], decorator_list=[], body=[inner])
    code = compile(ast.Module([inner], []), path, "exec", flags=flags, dont_inherit=True)
    for name in [*(owner.name for owner in owners), function.name]:
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == name)
    return code


def changed(node: N, **fields: object) -> N:
    """Copy a node (its children shared) with some fields changed."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _bare(given: ast.arguments) -> ast.arguments:
    def plain(argument: Optional[ast.arg]) -> Optional[ast.arg]:
        return None if argument is None else changed(argument, annotation=None)

    def plainly(arguments: List[ast.arg]) -> List[Optional[ast.arg]]:
        return [plain(one) for one in arguments]

    return changed(
        given,
        defaults=[],
        kw_defaults=[None] * len(given.kwonlyargs),
        posonlyargs=plainly(given.posonlyargs),
        args=plainly(given.args),
        kwonlyargs=plainly(given.kwonlyargs),
        vararg=plain(given.vararg),
        kwarg=plain(given.kwarg),
    )
