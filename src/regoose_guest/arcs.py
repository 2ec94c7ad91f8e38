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
import threading
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any, Optional

from regoose_guest.tracing import Arcs, Lines, Tracer, Tree

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


class ArcTracer(Tracer):
    """`sys.settrace`, bound to the files named: a call of any other code costs one look at its file's name."""

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        super().__init__(tree)
        self._paths = frozenset(paths)
        self._files: dict[str, Optional[str]] = {}
        self._codes: dict[int, tuple[CodeType, bytes]] = {}
        self._arcs: Arcs = {}
        self._running = False

    def start(self) -> None:
        """Begin to collect."""
        self._running = True
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def stop(self) -> None:
        """Collect no more."""
        self._running = False
        sys.settrace(None)
        threading.settrace(None)  # pyright: ignore[reportArgumentType] - None is how it is switched off

    def take(self) -> Lines:
        """Return no lines: they are the ends of the arcs. Where the code removed the trace function, set it again."""
        if self._running:
            threading.settrace(self._on_call)
            sys.settrace(self._on_call)
        return {}

    def take_arcs(self) -> Arcs:
        """Return the arcs since the last call and begin anew."""
        arcs, self._arcs = self._arcs, {}
        return arcs

    def _on_call(self, frame: FrameType, _event: str, _arg: object) -> Callable[..., Any] | None:
        filename = frame.f_code.co_filename
        try:
            path = self._files[filename]
        except KeyError:
            found = self._tree.relative(filename)
            path = self._files[filename] = found if found in self._paths else None
        if path is None:
            frame.f_trace_lines = False  # the interpreter then asks for none of its lines
            return None
        return self._follow(frame, path)

    def _follow(self, frame: FrameType, path: str) -> Callable[..., Any]:
        """Return the trace function of one frame, from its start or from where it goes on."""
        first, code = frame.f_code.co_firstlineno, self._code(frame.f_code)
        last = -first if _is_call(code, frame.f_lasti) else frame.f_lineno

        def follow(frame: FrameType, event: str, _arg: object) -> Callable[..., Any]:
            nonlocal last
            ends = event == "return" and _is_return(code, frame.f_lasti)
            if event == "line" or (ends and _LATE_LINES and frame.f_lineno != last):
                line = frame.f_lineno
                self._add_arc(path, (last, line))
                last = line
            if ends:
                self._add_arc(path, (last, -first))
            return follow

        return follow

    def _code(self, code: CodeType) -> bytes:
        """Return its instructions, which newer interpreters put together anew at every reading."""
        known = self._codes.get(id(code))
        if known is None:
            known = self._codes[id(code)] = code, code.co_code
        return known[1]

    def _add_arc(self, path: str, arc: tuple[int, int]) -> None:
        found = self._arcs.get(path)
        if found is None:
            found = self._arcs[path] = set()
        found.add(arc)


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
    """Write arcs as chains: `{"a.py": "-1>1>2>-1,2>5"}`."""
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
