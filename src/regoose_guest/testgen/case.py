"""A case: a short sequence of steps, and what was observed at its last one. Between exploration and writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Step:
    """
    One statement of a test. All values are Python source, in terms of the module's own names and `needs`.

    The source calls things as a test would, by the module's public names: `Stack(3)`, `stack.push(1)`.
    """

    source: str
    """An expression, e.g. `wrap('ab cd', 3)`, `stack.push(1)`, `list(chunks([1, 2], 1))`, or a statement."""
    name: str = ""
    """Variable that takes its value; empty where the value is not used again."""
    awaits: bool = False
    is_statement: bool = False
    """Whether `source` is a statement that has no value, e.g. `del cache['a']`, `point.x = 3`."""


@dataclass(frozen=True)
class Check:
    """One assertion: `expression` is written with `result` for the value of the last step, or names a variable."""

    kind: str
    """`equal`, `is`, `approx`, `isinstance`, `true`, `false`."""
    expression: str
    """What is looked at: `result`, `result.name`, `len(result)`, `stack.items`, `list(result)`."""
    expected: str
    """Source of the expected value; of the type for `isinstance`; empty for `true` and `false`."""


@dataclass(frozen=True)
class Raised:
    """The exception of the last step."""

    type: str
    """Name in source, e.g. `ValueError`, `dateutil.parser.ParserError`."""
    module: str
    """Where that name is imported from; `builtins` for built-in ones."""
    message: str
    """`str` of the exception, empty where it differs from run to run or is not the module's own."""
    is_explicit: bool
    """Whether a `raise` statement (or `assert`) of the module under test, or of what it calls on purpose, raised it."""
    line: int
    """Of the innermost frame in the module under test."""
    said: str = ""
    """`str` of the exception whoever worded it: Python's own words tell an accident from a refusal."""


@dataclass(frozen=True)
class Observed:
    """What happened at the last step, the same in every run."""

    checks: tuple[Check, ...] = ()
    raised: Optional[Raised] = None
    printed: str = ""
    """Standard output of the last step, where that is all a person could assert."""


@dataclass(frozen=True)
class Case:
    """One test to be: what it is of, its steps, and what was observed."""

    subject: str
    """Qualified name within the module: `slugify`, `Stack.push`."""
    steps: tuple[Step, ...]
    observed: Observed
    needs: frozenset[str] = frozenset()
    """Import statements beyond the module's own names, e.g. `import datetime`, `from pathlib import Path`."""
    fixtures: tuple[str, ...] = ()
    """pytest fixtures its source uses: `tmp_path`, `monkeypatch`, `capsys`."""
    pins: tuple[str, ...] = ()
    """Statements that come first and hold still what would flicker, e.g. `monkeypatch.setenv('TZ', 'UTC')`."""
