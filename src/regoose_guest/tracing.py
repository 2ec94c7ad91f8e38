"""
Which lines of the tree each test runs.

`sys.monitoring` (PEP 669) on Python 3.12 and later: a line reports once for each test and then costs nothing.
`sys.settrace` before that: every line of the tree reports each time, other code only once a call. `regoose_guest.arcs`
records from which line to which one the tests went, for the few files where that is asked for.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, Optional

Lines = dict[str, set[int]]
"""Path relative to the tree, with forward slashes → 1-based line numbers that ran."""

Arcs = dict[str, set[tuple[int, int]]]
"""Path as in `Lines` → pairs of the line before and the line, below zero for the way into or out of a function."""

_SKIPPED_PARTS = ("site-packages", "dist-packages", ".venv", ".tox", ".nox")


class Tree:
    """Tells which source files are the repository's own: below `root`, outside installed packages."""

    def __init__(self, root: str) -> None:
        self._prefix = os.path.realpath(root).rstrip("/") + "/"
        self._known: dict[str, Optional[str]] = {}

    def relative(self, filename: str) -> str | None:
        """Return the path relative to the root, or None for a file that is not the repository's own."""
        try:
            return self._known[filename]
        except KeyError:
            path = self._known[filename] = self._find(filename)
            return path

    def _find(self, filename: str) -> str | None:
        if filename.startswith("<"):
            return None
        path = os.path.realpath(filename)
        if not path.startswith(self._prefix):
            return None
        relative = path[len(self._prefix) :]
        return None if any(part in _SKIPPED_PARTS for part in relative.split("/")) else relative


class Tracer:
    """Collects lines in whatever context is current. `start`, `take` at every change of context, `stop`."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._lines: Lines = {}

    def take_arcs(self) -> Arcs:
        """Return the arcs since the last call and begin anew; call it before `take`."""
        return {}

    def start(self) -> None:
        """Begin to collect."""
        raise NotImplementedError

    def stop(self) -> None:
        """Collect no more. Idempotent."""
        raise NotImplementedError

    def take(self) -> Lines:
        """Return what ran since the last call and begin anew."""
        lines, self._lines = self._lines, {}
        return lines

    def _add(self, path: str, line: int) -> None:
        found = self._lines.get(path)
        if found is None:
            found = self._lines[path] = set()
        found.add(line)


class MonitoringTracer(Tracer):
    """`sys.monitoring`, Python 3.12 and later."""

    def __init__(self, tree: Tree, tool: int) -> None:
        super().__init__(tree)
        self._tool = tool
        self._monitoring: Any = vars(sys)["monitoring"]
        self._disable: object = self._monitoring.DISABLE
        self._codes: dict[int, CodeType] = {}

    def start(self) -> None:
        """Begin to collect."""
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._tool, "regoose")
        self._monitoring.register_callback(self._tool, events.PY_START, self._on_start)
        self._monitoring.register_callback(self._tool, events.PY_RESUME, self._on_start)
        self._monitoring.register_callback(self._tool, events.LINE, self._on_line)
        self._monitoring.set_events(self._tool, events.PY_START | events.PY_RESUME)

    def stop(self) -> None:
        """Collect no more."""
        if self._monitoring.get_tool(self._tool) != "regoose":
            return
        events = self._monitoring.events
        self._monitoring.set_events(self._tool, 0)
        for code in self._codes.values():
            self._monitoring.set_local_events(self._tool, code, 0)
        self._codes.clear()
        for event in (events.PY_START, events.PY_RESUME, events.LINE):
            self._monitoring.register_callback(self._tool, event, None)
        self._monitoring.free_tool_id(self._tool)

    def take(self) -> Lines:
        """Return what ran since the last call and begin anew."""
        lines = super().take()
        self._monitoring.restart_events()
        return lines

    def _on_start(self, code: CodeType, _offset: int) -> object:
        if id(code) not in self._codes and self._tree.relative(code.co_filename) is not None:
            self._monitoring.set_local_events(self._tool, code, self._monitoring.events.LINE)
            self._codes[id(code)] = code
        return self._disable

    def _on_line(self, code: CodeType, line: int) -> object:
        path = self._tree.relative(code.co_filename)
        if path is not None:
            self._add(path, line)
        return self._disable


class Switch:
    """`sys.settrace` in this thread and those that will be started."""

    def __init__(self, on_call: Callable[..., Any]) -> None:
        self._on_call = on_call
        self._is_on = False

    def turn_on(self) -> None:
        """Have every call reported."""
        self._is_on = True
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def turn_off(self) -> None:
        """Have nothing reported any more. Idempotent."""
        self._is_on = False
        sys.settrace(None)
        threading.settrace(None)  # pyright: ignore[reportArgumentType] - None is how it is switched off

    def renew(self) -> None:
        """Turn it on again where it is meant to be: a test may have replaced the trace function."""
        if self._is_on:
            self.turn_on()


class SettraceTracer(Tracer):
    """`sys.settrace`, any Python. A test that sets its own trace function hides its later lines."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tree)
        self._on_lines: dict[str, Callable[..., Any]] = {}
        self._switch = Switch(self._on_call)

    def start(self) -> None:
        """Begin to collect."""
        self._switch.turn_on()

    def stop(self) -> None:
        """Collect no more."""
        self._switch.turn_off()

    def take(self) -> Lines:
        """Return what ran since the last call and begin anew."""
        self._switch.renew()
        return super().take()

    def _on_call(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., Any] | None:
        path = self._tree.relative(frame.f_code.co_filename)
        if path is None:
            return None
        on_line = self._on_lines.get(path)
        if on_line is None:
            on_line = self._on_lines[path] = self._make_on_line(path)
        return on_line

    def _make_on_line(self, path: str) -> Callable[..., Any]:
        def on_line(frame: FrameType, event: str, _arg: object) -> Callable[..., Any]:
            if event == "line":
                self._add(path, frame.f_lineno)
            return on_line

        return on_line


def free_tool() -> Optional[int]:
    """Return a number under which to use `sys.monitoring`; None where there is none."""
    monitoring = vars(sys).get("monitoring")
    if monitoring is None:
        return None
    return next((tool for tool in range(1, 6) if monitoring.get_tool(tool) is None), None)


def make_tracer(root: str) -> Tracer:
    """Return the cheapest tracer that this interpreter has."""
    tree = Tree(root)
    tool = free_tool()
    return SettraceTracer(tree) if tool is None else MonitoringTracer(tree, tool)


def pack(lines: Lines) -> dict[str, str]:
    """Write line numbers as ranges: `{"a.py": "3-9,12"}`."""
    return {path: ",".join(_ranges(sorted(numbers))) for path, numbers in sorted(lines.items())}


def unpack(packed: dict[str, str]) -> Lines:
    """Read what `pack` wrote."""
    lines: Lines = {}
    for path, text in packed.items():
        numbers = lines[path] = set[int]()
        for part in text.split(","):
            first, _, last = part.partition("-")
            numbers.update(range(int(first), int(last or first) + 1))
    return lines


def _ranges(numbers: list[int]) -> list[str]:
    ranges: list[str] = []
    first = last = numbers[0]
    for number in [*numbers[1:], 0]:
        if number == last + 1:
            last = number
            continue
        ranges.append(str(first) if first == last else f"{first}-{last}")
        first = last = number
    return ranges
