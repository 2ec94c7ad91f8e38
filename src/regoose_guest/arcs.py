"""
From which line to which line of some files each test went: arcs as coverage.py records them.

An arc is (line before, line); the way into the code that begins at line 7 is (-7, first line run), the way out (last
line run, -7), by an exception, too. A generator that yields and goes on leaves no arc of its own: its next line follows
the line of the `yield`. What coverage.py's own tracer does, described in its `doc/dbschema.rst` and seen in its
`pytracer.py`, is repeated here so that its analysis of a source file fits what was recorded without it.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any, Optional

from regoose_guest.tracing import Arcs, Lines, Switch, Tracer, Tree, free_tool

_RESUME = dis.opmap.get("RESUME")
_RETURN_VALUE = dis.opmap["RETURN_VALUE"]
_YIELD_VALUE = dis.opmap["YIELD_VALUE"]
_YIELD_FROM = dis.opmap.get("YIELD_FROM")
_UNIT = 2
"""Bytes of an instruction."""
_LASTI_IS_YIELD = sys.version_info[:2] != (3, 13)
"""Whether `f_lasti` of a frame that yields is the yield itself, and not the instruction after it."""
_LATE_LINES = sys.version_info >= (3, 14)
"""Whether a line may first be seen as the frame returns."""
_frame: Callable[[int], FrameType] = vars(sys)["_getframe"]
"""Events of `sys.monitoring` name the code, not the frame."""


class ArcTracer(Tracer):
    """Keeps arcs of the files named. What calls `_begin`, `_line` and `_end` is the interpreter's, and differs."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        super().__init__(tree)
        self._paths = frozenset(paths)
        self._files: dict[str, Optional[str]] = {}
        self._codes: dict[int, tuple[CodeType, bytes]] = {}
        self._arcs: Arcs = {}
        self._last: dict[int, int] = {}
        """Address of a frame that runs → the line it was last seen at, below zero at its start."""

    def take(self) -> Lines:
        """Return no lines: they are the ends of the arcs."""
        return {}

    def take_arcs(self) -> Arcs:
        """Return the arcs since the last call and begin anew."""
        arcs, self._arcs = self._arcs, {}
        return arcs

    def _path(self, code: CodeType) -> str | None:
        """Return the path of a file that is to be traced, else None."""
        filename = code.co_filename
        try:
            return self._files[filename]
        except KeyError:
            found = self._tree.relative(filename)
            path = self._files[filename] = found if found in self._paths else None
            return path

    def _begin(self, frame: FrameType) -> None:
        """Follow a frame from its start, or from where it goes on after a `yield` or an `await`."""
        is_call = _is_call(self._bytes(frame.f_code), frame.f_lasti)
        self._last[id(frame)] = -frame.f_code.co_firstlineno if is_call else frame.f_lineno

    def _line(self, frame: FrameType, line: int) -> None:
        last = self._last.get(id(frame))
        if last is not None:
            self._add_arc(frame.f_code, last, line)
            self._last[id(frame)] = line

    def _end(self, frame: FrameType) -> None:
        """Leave a frame, for good or at a `yield`."""
        last = self._last.pop(id(frame), None)
        if last is not None and _is_return(self._bytes(frame.f_code), frame.f_lasti):
            if _LATE_LINES and frame.f_lineno != last:
                self._add_arc(frame.f_code, last, frame.f_lineno)
                last = frame.f_lineno
            self._add_arc(frame.f_code, last, -frame.f_code.co_firstlineno)

    def _add_arc(self, code: CodeType, start: int, end: int) -> None:
        path = self._path(code)
        if path is None:
            return
        found = self._arcs.get(path)
        if found is None:
            found = self._arcs[path] = set()
        found.add((start, end))

    def _bytes(self, code: CodeType) -> bytes:
        """Return its instructions, which newer interpreters put together anew at every reading."""
        known = self._codes.get(id(code))
        if known is None:
            known = self._codes[id(code)] = code, code.co_code
        return known[1]


class SettraceArcs(ArcTracer):
    """`sys.settrace`, any Python. A test that sets its own trace function hides its later arcs."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        super().__init__(tree, paths)
        self._switch = Switch(self._on_call)

    def start(self) -> None:
        """Begin to collect."""
        self._switch.turn_on()

    def stop(self) -> None:
        """Collect no more."""
        self._switch.turn_off()

    def take(self) -> Lines:
        """Return no lines. Where the code removed the trace function, it is set again."""
        self._switch.renew()
        return super().take()

    def _on_call(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., Any] | None:
        if self._path(frame.f_code) is None:
            frame.f_trace_lines = False  # the interpreter then asks for none of its lines
            return None
        self._begin(frame)
        return self._on_event

    def _on_event(self, frame: FrameType, event: str, _arg: object) -> Callable[..., Any]:
        if event == "line":
            self._line(frame, frame.f_lineno)
        elif event == "return":
            self._end(frame)
        return self._on_event


class MonitoringArcs(ArcTracer):
    """
    `sys.monitoring`, Python 3.12 and later: other code costs one event for each function, not for each call and line.

    A line that is run again at once may leave an arc to itself, which `sys.settrace` does not; it has no meaning.
    """

    def __init__(self, tree: Tree, paths: Iterable[str], tool: int) -> None:
        super().__init__(tree, paths)
        self._tool = tool
        self._monitoring: Any = vars(sys)["monitoring"]
        self._disable: object = self._monitoring.DISABLE
        self._followed: dict[int, CodeType] = {}

    def start(self) -> None:
        """Begin to collect."""
        events = self._monitoring.events
        self._monitoring.use_tool_id(self._tool, "regoose")
        for event, callback in self._callbacks().items():
            self._monitoring.register_callback(self._tool, event, callback)
        self._monitoring.set_events(self._tool, events.PY_START | events.PY_UNWIND | events.PY_THROW)

    def stop(self) -> None:
        """Collect no more."""
        if self._monitoring.get_tool(self._tool) != "regoose":
            return
        self._monitoring.set_events(self._tool, 0)
        for code in self._followed.values():
            self._monitoring.set_local_events(self._tool, code, 0)
        self._followed.clear()
        for event in self._callbacks():
            self._monitoring.register_callback(self._tool, event, None)
        self._monitoring.free_tool_id(self._tool)

    def _callbacks(self) -> dict[int, Callable[..., object]]:
        events = self._monitoring.events
        return {
            events.PY_START: self._on_start,
            events.PY_RESUME: self._on_resume,
            events.PY_THROW: self._on_resume,
            events.LINE: self._on_line,
            events.PY_RETURN: self._on_leave,
            events.PY_YIELD: self._on_leave,
            events.PY_UNWIND: self._on_leave,
        }

    def _on_start(self, code: CodeType, _offset: int) -> object:
        if id(code) not in self._followed:
            if self._path(code) is None:
                return self._disable
            events = self._monitoring.events
            local = events.LINE | events.PY_RESUME | events.PY_RETURN | events.PY_YIELD
            self._monitoring.set_local_events(self._tool, code, local)
            self._followed[id(code)] = code
        self._begin(_frame(1))
        return None

    def _on_resume(self, code: CodeType, _offset: int, _value: object = None) -> None:
        if id(code) in self._followed:
            self._begin(_frame(1))

    def _on_line(self, code: CodeType, line: int) -> None:
        if id(code) in self._followed:
            self._line(_frame(1), line)

    def _on_leave(self, code: CodeType, _offset: int, _value: object) -> None:
        if id(code) in self._followed:
            self._end(_frame(1))


def make_arc_tracer(root: str, paths: Iterable[str]) -> ArcTracer:
    """Return the cheapest tracer of arcs that this interpreter has."""
    tree = Tree(root)
    tool = free_tool()
    return SettraceArcs(tree, paths) if tool is None else MonitoringArcs(tree, paths, tool)


def _is_call(code: bytes, lasti: int) -> bool:
    """Tell whether a frame begins, rather than goes on after a `yield` or an `await`."""
    if _RESUME is None:
        return lasti < 0
    return code[lasti + 1] == 0


def _is_return(code: bytes, lasti: int) -> bool:
    """Tell whether a frame ends, by an exception, too, rather than yields."""
    if _RESUME is not None:
        if len(code) == lasti + _UNIT:
            return True
        return code[lasti + (_UNIT if _LASTI_IS_YIELD else 0)] != _RESUME
    if code[lasti] in (_RETURN_VALUE, _YIELD_VALUE):
        return code[lasti] == _RETURN_VALUE
    after = lasti + _UNIT
    return len(code) <= after or code[after] != _YIELD_FROM


def pack_arcs(arcs: Arcs) -> dict[str, str]:
    """Write arcs as chains: `{"a.py": "-1>1>2,1>5"}`."""
    return {path: ",".join(_chains(sorted(found))) for path, found in sorted(arcs.items()) if found}


def unpack_arcs(packed: dict[str, str]) -> Arcs:
    """Read what `pack_arcs` wrote."""
    arcs: Arcs = {}
    for path, text in packed.items():
        found = arcs[path] = set[tuple[int, int]]()
        for chain in text.split(","):
            numbers = [int(number) for number in chain.split(">")]
            found.update(zip(numbers, numbers[1:]))
    return arcs


def _chains(arcs: list[tuple[int, int]]) -> list[str]:
    chains: list[list[int]] = []
    for start, end in arcs:
        if chains and chains[-1][-1] == start:
            chains[-1].append(end)
        else:
            chains.append([start, end])
    return [">".join(map(str, chain)) for chain in chains]
