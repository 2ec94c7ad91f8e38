"""
Which of the patches that pass every test is likely right.

An edit's own likelihood, lowered where it drops what the code computed, adds what only a test knows, or breaks
calls near the tests; then the candidates vote: a behaviour that several edits arrive at is likelier than an odd one.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from typing import Dict, FrozenSet, List, Mapping, NamedTuple, Sequence, Set, Tuple

from regoose_guest.repair.behaviour import ENDLESS, RAISED, RETURNED, UNKNOWN, Answer, Comparison
from regoose_guest.repair.build import called
from regoose_guest.repair.candidates import Candidate, Part
from regoose_guest.repair.edits import Replace, applied, target
from regoose_guest.repair.hunt import Plausible

_DROPS_VARIABLE, _DROPS_CALL, _ADDS_CALL = 0.3, 0.6, 0.9
_BLUNT = frozenset(("condition always true", "condition always false", "statement deleted", "condition dropped"))
_BLUNT_SHARE = 0.6
_TEST_LITERAL = 0.3
_POWER, _CRASH_POWER, _REST = 4, 50, 0.02
_EVERY_COPY = 1.05
_ORDINARY = frozenset(("0", "1", "-1", "2", "None", "True", "False", "''", "' '", "0.0", "1.0"))


class Ranked(NamedTuple):
    """A plausible patch with its place."""

    plausible: Plausible
    score: float
    behaviour: Tuple[Answer, ...]
    """Its answers; patches with equal answers behave alike. Empty: not compared."""


def rank(
    plausible: Sequence[Plausible],
    comparison: Comparison,
    literals: FrozenSet[str],
    *,
    crashes: FrozenSet[str],
    wider: Mapping[int, int],
) -> List[Ranked]:
    """
    Order plausible patches, the likeliest first.

    `literals` are constants of the test files; `crashes` names the exceptions by which the targets fail, and is empty
    where one of them fails by an assertion or does not end; `wider` maps a patch that makes an edit in every copy of a
    statement to the one that makes it in one copy, by their numbers.
    """
    own = {one.candidate.number: likelihood(one.candidate, literals) for one in plausible}
    weights: Dict[Tuple[Answer, ...], float] = defaultdict(float)
    behaviours: Dict[int, Tuple[Answer, ...]] = {}
    for one in plausible:
        number = one.candidate.number
        behaviours[number] = tuple((kind, text, "") for kind, text, _ in comparison.answers.get(number, ()))
        if number not in wider:  # else no opinion of its own
            weights[behaviours[number]] += own[number]
    usual = _usually_returns(comparison, crashes)
    scores: Dict[int, float] = {}
    for number, alone in own.items():
        score = alone
        if behaviours[number]:
            score = (alone * max(alone, weights[behaviours[number]])) ** 0.5
            score *= _stability(comparison, comparison.answers[number], usual, crash=bool(crashes))
        scores[number] = score
    for number, single in wider.items():
        # What the other copies answered is no measure: they have the fault as well.
        scores[number] = max(scores[number], scores[single] * _EVERY_COPY)
    ranked = [Ranked(one, scores[one.candidate.number], behaviours[one.candidate.number]) for one in plausible]

    def key(one: Ranked) -> Tuple[bool, float, int]:
        number = one.plausible.candidate.number
        # No time to compare it, or it died at once: nothing speaks against it, and nothing for it.
        unknown = not behaviours[wider.get(number, number)]
        return unknown, -one.score, number

    return sorted(ranked, key=key)


def _stability(comparison: Comparison, answers: Sequence[Answer], usual: Sequence[bool], *, crash: bool) -> float:
    """
    Discount patches that do not return where the unpatched program or most other patches do.

    Where the fault is a crash, whatever returned before was right as far as anyone knows, so it should stay.
    """
    returned = [(before, after) for before, after in zip(comparison.before, answers) if before[0] == RETURNED]
    returned = [(before, after) for before, after in returned if after[0] != UNKNOWN]
    power = _CRASH_POWER if crash else _POWER
    factor = 1.0
    if returned:
        broken = sum(after[0] in {RAISED, ENDLESS} for _, after in returned) / len(returned)
        factor *= _REST + (1.0 - broken) ** _POWER
    if returned and crash:
        kept = sum(before[:2] == after[:2] for before, after in returned) / len(returned)
        factor *= _REST + kept**power
    failing = sum(expected and after[0] in {RAISED, ENDLESS} for expected, after in zip(usual, answers))
    return factor * (_REST + (1.0 - failing / max(1, len(answers))) ** power)


def _usually_returns(comparison: Comparison, crashes: FrozenSet[str]) -> List[bool]:
    """
    Say of each call whether a good part of the patches return from it, so that the others should.

    Where the fault is a crash, an exception of another kind than the crash's is taken for intended.
    """
    columns = zip(comparison.before, *comparison.answers.values())
    return [
        not (crashes and before[0] == RAISED and before[2].partition(":")[0] not in crashes)
        and sum(answer[0] == RETURNED for answer in column) * 3 >= len(column)
        for before, *column in columns
    ]


def likelihood(candidate: Candidate, literals: FrozenSet[str]) -> float:
    """Score a patch by its text alone."""
    score = candidate.score
    for part in candidate.parts:
        score *= _losses(part) * _borrowed(part, literals)
    for word in candidate.template.split(" + "):
        if word in _BLUNT:
            score *= _BLUNT_SHARE
    return score


def _losses(part: Part) -> float:
    """Discount an edit after which a variable is no longer read or a call no longer made."""
    if part.scope is None:
        return 1.0
    before = _profile(part.scope.function)
    with applied(part.source, part.edits):
        after = _profile(part.scope.function)
    factor = 1.0
    local = set(part.scope.locals) | part.scope.comprehension_targets
    if any(name in local and not after[0][name] for name in before[0]):
        factor *= _DROPS_VARIABLE
    made, kept = sum(before[1].values()), sum(after[1].values())
    return factor * (_DROPS_CALL if kept < made else _ADDS_CALL if kept > made else 1.0)


def _profile(function: ast.AST) -> "Tuple[Counter[str], Counter[str]]":
    reads: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            reads[node.id] += 1
        elif isinstance(node, ast.Call):
            calls[called(node)] += 1
    return reads, calls


def _borrowed(part: Part, literals: FrozenSet[str]) -> float:
    """Discount constants that are new to the code and stand in the tests."""
    added: Set[str] = set()
    for edit in part.edits:
        new: Sequence[ast.AST] = (edit.new,) if isinstance(edit, Replace) else edit.new
        old = _constants([target(edit)])
        added |= _constants(new) - old
    special = {one for one in added if one not in _ORDINARY and one in literals}
    return _TEST_LITERAL ** len(special)


def _constants(nodes: Sequence[ast.AST]) -> Set[str]:
    return {repr(node.value) for root in nodes for node in ast.walk(root) if isinstance(node, ast.Constant)}


def constants_of(tree: ast.AST) -> Set[str]:
    """Return the constants of a test file, as they are compared with an edit's."""
    return _constants([tree])
