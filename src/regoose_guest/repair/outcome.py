"""Write down what a search found: candidates by behaviour, differences to look at, suspects."""

from __future__ import annotations

import ast
from collections import Counter
from time import monotonic
from typing import Dict, List, Optional, Sequence, Set, Tuple

import pytest

from regoose_guest.repair.behaviour import RAISED, RETURNED, UNKNOWN, Answer, Comparison
from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.describe import describe
from regoose_guest.repair.edits import Edit, applied
from regoose_guest.repair.measure import Measured
from regoose_guest.repair.program import Program
from regoose_guest.repair.rank import Ranked
from regoose_guest.repair.render import render
from regoose_guest.repair.schema import (
    UNSUPPORTED,
    AnswerJson,
    CandidateJson,
    DifferenceJson,
    OptionsJson,
    ResultJson,
    SpanJson,
    SuspectJson,
)
from regoose_guest.repair.source import Source

_DIFFERENCES = 8
_READABLE = 200


class Reporter:
    """Builds the result file's content."""

    def __init__(self, program: Program, items: Sequence[pytest.Item], options: OptionsJson, started: float) -> None:
        self._program = program
        self._items = items
        self._options = options
        self._started = started
        self._failing: List[str] = []
        self._unmeasured: List[str] = []
        self.suspects: List[SuspectJson] = []

    def measured(self, failing: Sequence[Measured], measured: Set[int]) -> None:
        """Remember which targets are red and what was not run."""
        self._failing = [self._items[test.index].nodeid for test in failing]
        self._unmeasured = [item.nodeid for index, item in enumerate(self._items) if index not in measured]

    def unsupported(self, note: str) -> ResultJson:
        """Say why there was nothing to search."""
        return self._result([], [], 0, 0, UNSUPPORTED, note)

    def result(
        self, ranked: Sequence[Ranked], comparison: Comparison, tried: int, stopped: str, note: str
    ) -> ResultJson:
        """Give the candidates, the best of each behaviour first, and the inputs on which behaviours part."""
        written = [(one, spans) for one in ranked for spans in [self._spans(one.plausible.candidate)] if spans]
        written = _without_repetition(written)
        behaviours: Dict[Tuple[Answer, ...], int] = {}
        for one, _ in written:
            behaviours.setdefault(one.behaviour, len(behaviours) + 1)
        firsts: Set[int] = set()
        leading: List[Tuple[Ranked, List[SpanJson]]] = []
        rest: List[Tuple[Ranked, List[SpanJson]]] = []
        for one, spans in written:
            number = behaviours[one.behaviour]
            (rest if number in firsts else leading).append((one, spans))
            firsts.add(number)
        kept = (leading + rest)[: self._options["max_candidates"]]
        candidates = [
            self._candidate(number, one, spans, behaviours[one.behaviour])
            for number, (one, spans) in enumerate(kept, 1)
        ]
        differences = self._differences([one for one, _ in kept], comparison)
        return self._result(candidates, differences, len(behaviours), tried, stopped, note)

    def _candidate(self, number: int, one: Ranked, spans: List[SpanJson], behaviour: int) -> CandidateJson:
        return {
            "number": number,
            "spans": spans,
            "template": one.plausible.candidate.template,
            "description": describe(one.plausible.candidate),
            "score": round(one.score, 6),
            "behaviour": behaviour,
            "fixed": [self._items[index].nodeid for index in one.plausible.fixed],
            "kept": [self._items[index].nodeid for index in one.plausible.kept],
        }

    def _spans(self, candidate: Candidate) -> Optional[List[SpanJson]]:
        by_source: Dict[int, Tuple[Source, List[Edit]]] = {}
        for part in candidate.parts:
            by_source.setdefault(id(part.source), (part.source, []))[1].extend(part.edits)
        spans: List[SpanJson] = []
        for source, edits in by_source.values():
            rendered = render(source, edits)
            if rendered is None:
                return None
            for span in rendered:
                try:
                    start, end, new = source.raw_span(span)
                except UnicodeEncodeError:
                    return None
                path = self._program.relative(source.path)
                spans.append({"path": path, "start": start, "end": end, "new": new.decode("utf-8", "surrogateescape")})
        return spans

    def _differences(self, kept: Sequence[Ranked], comparison: Comparison) -> List[DifferenceJson]:
        """Choose short calls, one for each way in which the behaviours divide, then further ones."""
        compared = [
            (n, comparison.answers[one.plausible.candidate.number]) for n, one in enumerate(kept, 1) if one.behaviour
        ]
        chosen: List[DifferenceJson] = []
        later: List[DifferenceJson] = []
        divisions: Counter[Tuple[Tuple[int, ...], ...]] = Counter()
        for index, call in enumerate(comparison.texts):
            if not compared or not comparison.before or len(call) > _READABLE:
                continue
            answers = [(number, given[index]) for number, given in compared if index < len(given)]
            answers = [(number, answer) for number, answer in answers if answer[0] != UNKNOWN]
            groups: Dict[Tuple[str, str], List[int]] = {}
            for number, answer in answers:
                groups.setdefault(answer[:2], []).append(number)
            if len(groups) == 1 or not any(kind == RETURNED for kind, _ in groups):
                continue
            division = tuple(sorted(tuple(group) for group in groups.values()))
            divisions[division] += 1
            difference = _difference(call, comparison.before[index], answers, groups)
            (chosen if divisions[division] == 1 else later).append(difference)
        return (chosen + later)[:_DIFFERENCES]

    def _result(
        self,
        candidates: List[CandidateJson],
        differences: List[DifferenceJson],
        behaviours: int,
        tried: int,
        stopped: str,
        note: str,
    ) -> ResultJson:
        return {
            "stopped": stopped,
            "note": note,
            "tried": tried,
            "seconds": round(monotonic() - self._started, 3),
            "behaviours": behaviours,
            "candidates": candidates,
            "suspects": self.suspects,
            "differences": differences,
            "failing": self._failing,
            "unmeasured": self._unmeasured,
        }


def _without_repetition(written: List[Tuple[Ranked, List[SpanJson]]]) -> List[Tuple[Ranked, List[SpanJson]]]:
    seen: Set[str] = set()
    kept: List[Tuple[Ranked, List[SpanJson]]] = []
    for one, spans in written:
        text = _text_of(one, spans)
        if text not in seen:
            seen.add(text)
            kept.append((one, spans))
    return kept


def _text_of(one: Ranked, spans: List[SpanJson]) -> str:
    """Return what tells patches apart: the program that they make, however they came to it."""
    parsed: List[str] = []
    for source in {id(part.source): part.source for part in one.plausible.candidate.parts}.values():
        edits = [edit for part in one.plausible.candidate.parts if part.source is source for edit in part.edits]
        with applied(source, edits):
            parsed.append(f"{source.path} {ast.dump(source.tree)}")
    return "\n".join(parsed) or repr(spans)


def _difference(
    call: str, before: Answer, answers: Sequence[Tuple[int, Answer]], groups: Dict[Tuple[str, str], List[int]]
) -> DifferenceJson:
    shown: List[AnswerJson] = []
    for key, numbers in groups.items():
        value = next(answer[2] for number, answer in answers if number == numbers[0] and answer[:2] == key)
        shown.append({"candidates": numbers, "value": f"raises {value}" if key[0] == RAISED else value})
    return {
        "call": call,
        "before": f"raises {before[2]}" if before[0] == RAISED else before[2],
        "answers": shown,
    }
