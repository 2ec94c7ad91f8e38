"""Which lines of the program a test runs: `sys.monitoring` where there is one, else a trace function."""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import Any, Callable, Dict, Optional, Set, Tuple

from regoose_guest.repair.program import Program

Line = Tuple[str, int]
_TOOLS = (4, 3, 1, 5)


def start(program: Program) -> "Recorder":
    """Begin to record lines in this process."""
    recorder = _Monitoring(program) if sys.version_info >= (3, 12) else _Tracing(program)
    recorder.begin()
    return recorder


class Recorder:
    """Collects lines until `take` empties it."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._lines: Set[Line] = set()
        self._paths: Dict[str, Optional[str]] = {}

    def _path(self, filename: str) -> Optional[str]:
        if filename not in self._paths:
            real = self._program.real(filename)
            self._paths[filename] = real if self._program.is_source(real) else None
        return self._paths[filename]

    def begin(self) -> None:
        """Start recording."""

    def take(self) -> Set[Line]:
        """Return the lines since the last call and forget them."""
        lines = set(self._lines)
        self._lines.clear()
        return lines


class _Monitoring(Recorder):
    """Each line reports once per test, then costs nothing."""

    def begin(self) -> None:
        monitoring: Any = getattr(sys, "monitoring")  # noqa: B009 - absent before 3.12
        self._monitoring = monitoring
        tool = next(number for number in _TOOLS if monitoring.get_tool(number) is None)
        events = monitoring.events
        monitoring.use_tool_id(tool, "regoose")

        def on_line(code: CodeType, line: int) -> object:
            path = self._path(code.co_filename)
            if path is not None:
                self._lines.add((path, line))
            return monitoring.DISABLE

        def on_start(code: CodeType, _: int) -> object:
            path = self._path(code.co_filename)
            if path is not None:
                if not monitoring.get_local_events(tool, code):
                    monitoring.set_local_events(tool, code, events.LINE)
                self._lines.add((path, code.co_firstlineno))
            return monitoring.DISABLE

        monitoring.register_callback(tool, events.LINE, on_line)
        monitoring.register_callback(tool, events.PY_START, on_start)
        monitoring.set_events(tool, events.PY_START)
        for code in self._program.codes():
            monitoring.set_local_events(tool, code, events.LINE)

    def take(self) -> Set[Line]:
        lines = super().take()
        self._monitoring.restart_events()
        return lines


class _Tracing(Recorder):
    """Slower; traces the program's own frames only."""

    def begin(self) -> None:
        sys.settrace(self._on_call)
        threading.settrace(self._on_call)

    def take(self) -> Set[Line]:
        lines = super().take()
        sys.settrace(self._on_call)  # a test may have set its own
        return lines

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> Optional[Callable[..., Any]]:
        path = self._path(frame.f_code.co_filename)
        if path is None:
            return None
        lines = self._lines
        lines.add((path, frame.f_code.co_firstlineno))

        def on_line(inner: FrameType, event: str, _: object) -> Any:
            if event == "line":
                lines.add((path, inner.f_lineno))
            return on_line

        return on_line
