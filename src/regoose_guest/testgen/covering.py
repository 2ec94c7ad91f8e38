"""Which lines and branches of the module a call takes: `sys.monitoring`, or `sys.settrace` before Python 3.12."""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Optional, Set, Tuple

Goal = Tuple[int, int, int]
"""
(number of the code object, line, -1) for a line, (number, line, -2) for a return from it; (number, from, to) for a
branch: offsets, or lines where traced.
"""
_RETURN = -2


def codes_of(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and all inside it, in a fixed order."""
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from codes_of(one)


def code_lines(code: CodeType) -> Set[int]:
    """Return the lines that a code object and those inside it can run."""
    import dis

    return {line for one in codes_of(code) for _, line in dis.findlinestarts(one) if line}


class Cover:
    """
    Collects goals. `new` holds those never seen before; with `start_case` every goal of the case is in `case`.

    `halves` are the branches of which one way only was seen, with their line. Where lines are
    `wanted`, no others count.
    """

    def __init__(self, code: CodeType, wanted: Optional[FrozenSet[int]] = None) -> None:
        self._wanted = wanted
        self.codes = list(codes_of(code))
        self.numbers = {id(one): number for number, one in enumerate(self.codes)}
        self.seen: Set[Goal] = set()
        self.lines: Set[int] = set()
        self.new: List[Goal] = []
        self.case: Optional[Set[Goal]] = None
        self._ways: Dict[Tuple[int, int], Set[int]] = {}

    def begin(self) -> None:
        """Watch from here on."""

    def end(self) -> None:
        """Watch no more."""

    def start_case(self) -> None:
        """Collect every goal anew, in `case`."""
        self.case = set()

    def pause(self) -> None:
        """Watch nothing until the next case starts, where watching costs."""

    def halves(self) -> List[int]:
        """Return the line of each branch of which one way only was seen."""
        return [self._line_of(*place) for place, ways in self._ways.items() if len(ways) == 1]

    def _line_of(self, number: int, place: int) -> int:
        del number
        return place

    def _is_meant(self, line: int) -> bool:
        return self._wanted is None or line in self._wanted

    def _add(self, goal: Goal) -> None:
        if self.case is not None:
            self.case.add(goal)
        elif goal not in self.seen:
            self.seen.add(goal)
            self.new.append(goal)
            if goal[2] == -1:
                self.lines.add(goal[1])


def _rows(code: CodeType) -> Iterator[Tuple[int, int, Optional[int]]]:
    rows: Any = code.co_lines()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - from 3.10 on
    yield from rows


class _Monitored(Cover):
    def begin(self) -> None:
        monitoring: Any = vars(sys)["monitoring"]
        events = monitoring.events
        self._monitoring = monitoring
        self._disable = monitoring.DISABLE
        self._offsets: Dict[Tuple[int, int], int] = {}
        self._tool = tool = next(number for number in (3, 4, 5, 1) if monitoring.get_tool(number) is None)
        monitoring.use_tool_id(tool, "regoose")
        monitoring.register_callback(tool, events.LINE, self._on_line)
        monitoring.register_callback(tool, events.BRANCH, self._on_branch)
        monitoring.register_callback(tool, events.PY_RETURN, self._on_return)
        for one in self.codes:
            if self._wanted is None or not self._wanted.isdisjoint(line for _, _, line in _rows(one) if line):
                monitoring.set_local_events(tool, one, events.LINE | events.BRANCH | events.PY_RETURN)

    def end(self) -> None:
        for one in self.codes:
            self._monitoring.set_local_events(self._tool, one, 0)
        self._monitoring.free_tool_id(self._tool)

    def start_case(self) -> None:
        super().start_case()
        self._monitoring.restart_events()

    def _on_line(self, code: CodeType, line: int) -> object:
        number = self.numbers.get(id(code))
        if number is not None and self._is_meant(line):
            self._add((number, line, -1))
        return self._disable

    def _on_return(self, code: CodeType, offset: int, _value: object) -> object:
        number = self.numbers.get(id(code))
        line = self._line_of(number, offset) if number is not None else 0
        if number is not None and self._is_meant(line):
            self._add((number, line, _RETURN))
        return self._disable

    def _on_branch(self, code: CodeType, offset: int, destination: int) -> object:
        number = self.numbers.get(id(code))
        if number is None or not (self._wanted is None or self._is_meant(self._line_of(number, offset))):
            return self._disable
        self._add((number, offset, destination))
        if self.case is not None:
            return None
        ways = self._ways.setdefault((number, offset), set())
        ways.add(destination)
        return self._disable if len(ways) > 1 else None

    def _line_of(self, number: int, place: int) -> int:
        line = self._offsets.get((number, place))
        if line is None:
            rows = _rows(self.codes[number])
            line = next((row[2] for row in rows if row[0] <= place < row[1] and row[2]), 0)
            self._offsets[number, place] = line
        return line


class _Traced(Cover):
    """Branches are pairs of lines here."""

    def begin(self) -> None:
        self._files = {one.co_filename for one in self.codes}
        self._forking = set(_forks(self.codes))
        self._by_place = {(one.co_filename, one.co_firstlineno, one.co_name): n for n, one in enumerate(self.codes)}
        sys.settrace(self._on_call)

    def end(self) -> None:
        sys.settrace(None)

    def start_case(self) -> None:
        super().start_case()
        sys.settrace(self._on_call)

    def pause(self) -> None:
        sys.settrace(None)

    def halves(self) -> List[int]:
        """Return the lines that fork and of which one way only was seen."""
        forking = self._forking
        return [line for (number, line), ways in self._ways.items() if len(ways) == 1 and (number, line) in forking]

    def _on_call(self, frame: FrameType, _event: str, _given: object) -> Optional[Callable[..., Any]]:
        code = frame.f_code
        if code.co_filename not in self._files:
            return None
        number = self.numbers.get(id(code))
        if number is None:
            number = self._by_place.get((code.co_filename, code.co_firstlineno, code.co_name))
            if number is None:
                return None
        return self._follow(number)

    def _follow(self, number: int) -> Callable[..., Any]:
        last = 0
        add, ways, is_meant = self._add, self._ways, self._is_meant

        def on_line(frame: FrameType, event: str, _given: object) -> Any:
            nonlocal last
            if event == "line":
                line = frame.f_lineno
                if is_meant(line):
                    add((number, line, -1))
                if is_meant(last):
                    add((number, last, line))
                    ways.setdefault((number, last), set()).add(line)
                last = line
            elif event == "return" and is_meant(last):
                add((number, last, 0))
            return on_line

        return on_line


def _forks(codes: List[CodeType]) -> Iterator[Tuple[int, int]]:
    """Yield the places, as (number of the code object, line), that a jump may leave in two ways."""
    import dis

    for number, code in enumerate(codes):
        line = 0
        for one in dis.get_instructions(code):
            if one.starts_line:
                line = int(one.starts_line)
            if one.opname == "FOR_ITER" or ("JUMP" in one.opname and "IF" in one.opname):
                yield number, line


def cover(code: CodeType, wanted: Optional[FrozenSet[int]] = None) -> Cover:
    """Return what this interpreter watches cheapest with; where lines are `wanted`, it watches nothing else."""
    return _Monitored(code, wanted) if sys.version_info >= (3, 12) else _Traced(code, wanted)
