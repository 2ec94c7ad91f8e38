"""What an exception says about a test: its type, its message, and where in the repository it came from."""

from __future__ import annotations

import doctest
from types import TracebackType

from regoose_guest.tracing import Tree

MESSAGE = 2000
"""Longest message kept, in characters."""

Described = dict[str, object]
"""`exception`, `message`, `path`, `line`, `is_import`: the fields of a failure without its phase."""


def describe(error: BaseException, tree: Tree) -> Described:
    """Describe an exception; never raises, whatever the exception's own methods do."""
    if isinstance(error, doctest.UnexpectedException):
        return describe(error.exc_info[1], tree)
    path, line, importing = _place(error.__traceback__, tree)
    if isinstance(error, doctest.DocTestFailure):
        path = tree.relative(error.test.filename or "<none>") or path
        line = (error.test.lineno or 0) + error.example.lineno + 1
    elif isinstance(error, SyntaxError) and error.filename:
        within = tree.relative(str(error.filename))
        path, line = (within, error.lineno or 0) if within is not None else (path, line)
    return {
        "exception": type_name(error),
        "message": _message(error),
        "path": path,
        "line": line,
        "is_import": importing or isinstance(error, (ImportError, SyntaxError)),
    }


def type_name(error: BaseException) -> str:
    """Return the qualified name of the exception's type, without `builtins` and our own package."""
    kind = type(error)
    return (
        kind.__qualname__
        if kind.__module__ in ("builtins", "regoose_guest.watchdog")
        else f"{kind.__module__}.{kind.__qualname__}"
    )


def _message(error: BaseException) -> str:
    if isinstance(error, doctest.DocTestFailure):
        text = f"expected {error.example.want.strip()!r}, got {error.got.strip()!r}"
    else:
        try:
            text = str(error)
        except BaseException as second:  # noqa: BLE001 - it is the target's own `__str__`
            text = f"<no message: __str__ raised {type_name(second)}>"
    return text if len(text) <= MESSAGE else text[:MESSAGE] + "…"


def _place(traceback: TracebackType | None, tree: Tree) -> tuple[str, int, bool]:
    """Return path and line of the innermost frame inside the tree, and whether a module was being imported."""
    path, line, importing = "", 0, False
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename.startswith("<frozen importlib"):
            importing = True
        within = tree.relative(filename)
        if within is not None:
            path, line = within, traceback.tb_lineno
        traceback = traceback.tb_next
    return path, line, importing
