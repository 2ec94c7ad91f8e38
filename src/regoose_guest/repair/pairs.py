"""Two-edit repairs: one edit that got further, joined with another; the same edit at several places."""

from __future__ import annotations

import ast
from collections import defaultdict
from itertools import combinations
from typing import Dict, Iterator, List, Sequence, Tuple

from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.edits import Edit, Replace, independent
from regoose_guest.repair.hunt import Partial

_SEEDS = 60
_PARTNERS = 1500
_MOST = 60_000
_SAME_PLACES = 2000
_SAME_FUNCTION, _OTHER_FUNCTION = 1.2, 0.8
_SAME_EDIT = 0.6


def pairs(candidates: Sequence[Candidate], partial: Sequence[Partial]) -> Iterator[Candidate]:
    """Yield pairs, the likeliest first: made of what got further, then of equal edits."""
    found = [*_with_seeds(candidates, partial), *_same_edits(candidates)]
    found.sort(key=lambda one: -one.score)
    first = len(candidates) + 1
    for number, pair in enumerate(found[:_MOST], first):
        pair.number = number
        yield pair


def _join(one: Candidate, other: Candidate, score: float) -> Candidate:
    template = one.template if one.template == other.template else f"{one.template} + {other.template}"
    return Candidate((*one.parts, *other.parts), template, score, one.line)


def _compatible(one: Candidate, other: Candidate) -> bool:
    first, second = one.parts[0], other.parts[0]
    return first.source is not second.source or independent(first.source, first.edits, second.edits)


def _with_seeds(candidates: Sequence[Candidate], partial: Sequence[Partial]) -> Iterator[Candidate]:
    weights: Dict[int, Tuple[float, Candidate]] = {}
    for one in partial:
        weight = (3.0 if one.validated else 1.0) + one.fixed
        known = weights.get(one.candidate.number)
        if one.candidate.hot and (known is None or known[0] < weight):
            weights[one.candidate.number] = (weight, one.candidate)
    seeds = sorted(weights.values(), key=lambda item: (-item[0], -item[1].score))[:_SEEDS]
    partners = [one for one in candidates if one.hot][:_PARTNERS]
    for weight, seed in seeds:
        for partner in partners:
            if partner is not seed and _compatible(seed, partner):
                near = seed.parts[0].scope is partner.parts[0].scope
                share = _SAME_FUNCTION if near else _OTHER_FUNCTION
                yield _join(seed, partner, weight * share * partner.score * seed.score**0.5)


def _same_edits(candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Join equal edits at different places of one function."""
    groups: Dict[Tuple[str, str], List[Candidate]] = defaultdict(list)
    for one in candidates[: _PARTNERS * 2]:
        if one.hot and len(one.parts) == 1 and len(one.parts[0].edits) == 1:
            groups[(one.template, _text(one.parts[0].edits[0]))].append(one)
    made = 0
    for group in groups.values():
        for one, other in combinations(group[:6], 2):
            if made < _SAME_PLACES and _compatible(one, other):
                made += 1
                yield _join(one, other, _SAME_EDIT * (one.score * other.score) ** 0.5)


def _text(edit: Edit) -> str:
    if isinstance(edit, Replace):
        return f"{ast.dump(edit.node)} {ast.dump(edit.new)}"
    return f"{ast.dump(edit.statement)} {[ast.dump(one) for one in edit.new]}"
