"""Turn the engine's result into the domain's words: spans become whole-file edits against the base."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from regoose.domain.evidence import Answer, Difference
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.repair import Candidate, RepairReport, Suspect
from regoose_guest.repair.schema import CandidateJson, DifferenceJson, ResultJson, SpanJson


def apply_spans(before: bytes, spans: Sequence[SpanJson]) -> bytes:
    """
    Replace byte ranges of one file.

    Raises ValueError where ranges overlap or lie outside the file: the result does not belong to this base.
    """
    parts: list[bytes] = []
    position = 0
    for span in sorted(spans, key=lambda span: (span["start"], span["end"])):
        if not position <= span["start"] <= span["end"] <= len(before):
            raise ValueError(f"span {span['start']}-{span['end']} of {span['path']} does not fit {len(before)} bytes")
        parts += [before[position : span["start"]], span["new"].encode("utf-8", "surrogateescape")]
        position = span["end"]
    return b"".join([*parts, before[position:]])


def to_report(result: ResultJson, files: Callable[[str], bytes]) -> RepairReport:
    """Build the report; `files` gives the base bytes of a path."""
    return RepairReport(
        candidates=tuple(_candidate(one, files) for one in result["candidates"]),
        suspects=tuple(Suspect(one["path"], one["line"], one["function"], one["score"]) for one in result["suspects"]),
        differences=tuple(_difference(one) for one in result["differences"]),
        behaviours=result["behaviours"],
        tried=result["tried"],
        seconds=result["seconds"],
        stopped=result["stopped"],
        note=result["note"],
    )


def _candidate(one: CandidateJson, files: Callable[[str], bytes]) -> Candidate:
    by_path: dict[str, list[SpanJson]] = defaultdict(list)
    for span in one["spans"]:
        by_path[span["path"]].append(span)
    edits: list[FileEdit] = []
    for path, spans in sorted(by_path.items()):
        before = files(path)
        edits.append(FileEdit(path, _text(before), _text(apply_spans(before, spans))))
    return Candidate(
        number=one["number"],
        patch=Patch(tuple(edits)),
        template=one["template"],
        description=one["description"],
        score=one["score"],
        behaviour=one["behaviour"],
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _difference(one: DifferenceJson) -> Difference:
    answers = tuple(Answer(tuple(answer["candidates"]), answer["value"]) for answer in one["answers"])
    return Difference(one["call"], one["before"], answers)
