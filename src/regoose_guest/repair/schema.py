"""
What the engine is given and what it answers, as JSON: the whole contract between guest and host.

Options come as one JSON file. Progress goes out as JSON lines on the process's original standard output, at most a
few a second. The result is one JSON file, written when the search ends, whatever it found.
"""

from __future__ import annotations

from typing import List, TypedDict

PROVEN_ENOUGH = "proven enough"
EXHAUSTED = "exhausted"
BUDGET = "budget"
UNSUPPORTED = "unsupported"


class OptionsJson(TypedDict):
    """The options file."""

    root: str
    """Directory of the tree, absolute; edits stay inside it."""
    targets: List[str]
    """Test ids that must pass, as pytest prints them; without `[parameters]` they name every case. Empty: all red."""
    tests: List[str]
    """Further pytest arguments: files or directories to collect, options. Empty: what the configuration says."""
    seconds: float
    """Wall-clock budget of everything, collection included."""
    jobs: int
    """Candidates run at a time."""
    seed: int
    """Seed of the generated inputs."""
    max_candidates: int
    """Candidates reported at most."""
    memory_bytes: int
    """Address space a candidate may take on top of what the process has."""
    result: str
    """Where the result goes."""


class ProgressJson(TypedDict):
    """One line of progress."""

    phase: str
    """`collect`, `measure`, `search`, `pairs`, `compare`."""
    tried: int
    """Candidates run so far."""
    plausible: int
    """Candidates that pass every test."""
    best: str
    """Description of the best one so far, or empty."""
    seconds: float
    """Since the start."""


class SpanJson(TypedDict):
    """Replace the bytes `start` to `end` of a file by `new` (UTF-8 with surrogate escapes, so that any byte fits)."""

    path: str
    start: int
    end: int
    new: str


class CandidateJson(TypedDict):
    """A patch that passes the targets and breaks no measured test."""

    number: int
    spans: List[SpanJson]
    template: str
    description: str
    score: float
    behaviour: int
    fixed: List[str]
    """Ids of the red tests that passed with it."""
    kept: List[str]
    """Ids of the green tests that were run with it and still passed."""


class SuspectJson(TypedDict):
    """A line under suspicion; `score` is Ochiai's coefficient."""

    path: str
    line: int
    function: str
    score: float


class AnswerJson(TypedDict):
    """What a group of candidates does on one input."""

    candidates: List[int]
    value: str


class DifferenceJson(TypedDict):
    """An input on which surviving candidates disagree."""

    call: str
    before: str
    answers: List[AnswerJson]


class ResultJson(TypedDict):
    """The result file."""

    stopped: str
    """`proven enough`, `exhausted`, `budget` or `unsupported`."""
    note: str
    tried: int
    seconds: float
    behaviours: int
    candidates: List[CandidateJson]
    suspects: List[SuspectJson]
    differences: List[DifferenceJson]
    failing: List[str]
    """Ids of the target tests seen red."""
    unmeasured: List[str]
    """Ids collected but not run for want of time; nothing is known of them."""
