"""What an author may ask of the files: four forms, whatever notation they were written in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """Another way to read one edit, where its notation allows several (a divider that is also a line of the file)."""

    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Put `replace` where `search` stands. An empty `search` writes a file that is new or empty."""

    path: str
    search: str
    replace: str
    every: bool = False
    """Replace each place where `search` stands exactly, instead of refusing more than one."""
    whole_lines: bool = False
    """The notation speaks of lines (a block, a diff), so `search` is never a part of a line."""
    within: str = ""
    """The heading under which the place lies (`@@ def f():` of a diff); narrows several exact matches down."""
    others: tuple[Reading, ...] = ()
    """Further readings, each tried on each rung."""


@dataclass(frozen=True, slots=True)
class Write:
    """Make this the whole text of a file, new or not."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a file."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """Give a file another path, its bytes unchanged."""

    path: str
    to: str


Edit = Replace | Write | Delete | Move
