"""What an edited file must still be, and what its author should hear of at once."""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections import Counter
from collections.abc import Callable

from pyflakes import messages
from pyflakes.checker import Checker

from regoose.domain.patch import FileEdit
from regoose.workspace.edits import shown
from regoose.workspace.edits.outcome import Refusal, Unparsable
from regoose.workspace.edits.source import split_lines

_LONGEST_LINTED = 1_000_000
_MOST_NOTES = 10
_SERIOUS = (
    messages.UndefinedName,
    messages.UndefinedLocal,
    messages.UndefinedExport,
    messages.UnusedImport,
    messages.UnusedVariable,
    messages.RedefinedWhileUnused,
    messages.DuplicateArgument,
    messages.ReturnOutsideFunction,
    messages.YieldOutsideFunction,
    messages.ContinueOutsideLoop,
    messages.BreakOutsideLoop,
    messages.MultiValueRepeatedKeyLiteral,
    messages.IfTuple,
    messages.AssertTuple,
    messages.FStringMissingPlaceholders,
    messages.StringDotFormatMissingArgument,
    messages.PercentFormatMissingArgument,
    messages.PercentFormatPositionalCountMismatch,
    messages.RaiseNotImplemented,
)
_PYTHON = (".py", ".pyi", ".pyw")


def unparsable(edit: FileEdit) -> Refusal | None:
    """Refuse a file that can no longer be parsed; one that could not be before is not held to it."""
    if edit.after is None or (parse := _parser(edit.path)) is None or (fault := parse(edit.after)) is None:
        return None
    if edit.before is not None and parse(edit.before) is not None:
        return None
    line, why = fault
    lines = split_lines(edit.after)
    return Unparsable(
        edit.path,
        f"the result would not parse: line {line}: {why}" if line else f"the result would not parse: {why}",
        "Mend the edit; the lines above are the result, which was not written.",
        shown.numbered(lines, line - 4, line + 2, {line - 1}) if line else "",
        line or None,
    )


def lint(edit: FileEdit) -> list[str]:
    """Return the serious pyflakes messages of the new text that the old one does not have, by line."""
    if not edit.path.endswith(_PYTHON) or edit.after is None or len(edit.after) > _LONGEST_LINTED:
        return []
    old = Counter(text for _, text in _flakes(edit.before or ""))
    notes: list[str] = []
    for line, text in _flakes(edit.after):
        if old[text]:
            old[text] -= 1
        else:
            notes.append(f"{edit.path}:{line}: {text}")
    return notes[:_MOST_NOTES]


def _flakes(text: str) -> list[tuple[int, str]]:
    tree = tree_of(text)
    if not isinstance(tree, ast.Module):
        return []
    try:
        found = Checker(tree).messages
    except RecursionError:
        return []
    serious = [message for message in found if isinstance(message, _SERIOUS)]
    return sorted((message.lineno, message.message % message.message_args) for message in serious)


def parses(path: str, text: str) -> bool:
    """Whether a file of this name and text can be parsed, as far as its kind is known here."""
    parse = _parser(path)
    return parse is None or parse(text) is None


def _parser(path: str) -> Callable[[str], tuple[int, str] | None] | None:
    if path.endswith(_PYTHON):
        return _python_fault
    return {".json": _json_fault, ".toml": _toml_fault}.get(path[path.rfind(".") :]) if "." in path else None


def _python_fault(text: str) -> tuple[int, str] | None:
    tree = tree_of(text)
    return None if isinstance(tree, ast.Module) else tree


def tree_of(text: str) -> ast.Module | tuple[int, str]:
    """Parse, without a word on escapes; a declared encoding was obeyed when the file was read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.removeprefix("\ufeff").encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    except SyntaxError as error:
        return error.lineno or 0, error.msg
    except (ValueError, RecursionError, MemoryError) as error:
        return 0, str(error) or type(error).__name__


def _json_fault(text: str) -> tuple[int, str] | None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.lineno, error.msg
    except RecursionError:
        return 0, "it is nested too deep"
    return None


def _toml_fault(text: str) -> tuple[int, str] | None:
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return 0, str(error)
    return None
