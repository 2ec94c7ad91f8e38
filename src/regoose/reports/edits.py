"""
How the edits of each model were placed, told by the steps of runs.

The journal is where this is kept: a step in which a tool changed files says on which rung each edit was placed, or how
it was refused. A replay meets such a step as it was, so that nothing is counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from regoose.domain.json import Json
from regoose.domain.run import StepRecord
from regoose.workspace.edits import Rung, Tally

_TOOL = re.compile(r"(?P<call>.+ \d+)\.\d+ \S+")
"""The name of a step that uses a tool begins with that of the model call that asked for it."""
UNKNOWN = "(unknown)"
"""Stands for a model whose call is not among the steps."""


def edits_by_model(steps: Iterable[StepRecord]) -> Mapping[str, Tally]:
    """Count the edits of one run by the model that wrote them, `provider:name`; models without edits are left out."""
    asked: dict[str, str] = {}
    found: dict[str, Tally] = {}
    for step in steps:
        value = step.value if isinstance(step.value, dict) else {}
        model = value.get("model")
        if isinstance(model, str) and model:
            asked[step.name] = model
        if counts := _counts(value.get("edits")):
            name = _TOOL.fullmatch(step.name)
            model = asked.get(name["call"], UNKNOWN) if name else UNKNOWN
            found[model] = found.get(model, Tally()) + Tally(counts)
    return found


def added(tallies: Iterable[Mapping[str, Tally]]) -> Mapping[str, Tally]:
    """Add the counts of several runs up, by model."""
    total: dict[str, Tally] = {}
    for one in tallies:
        for model, tally in one.items():
            total[model] = total.get(model, Tally()) + tally
    return dict(sorted(total.items()))


def edits_document(tallies: Mapping[str, Tally]) -> dict[str, Json]:
    """Return the counts as JSON: by model, all edits, those that were placed, and each rung or kind of refusal."""
    return {
        model: {"edits": tally.edits, "placed": tally.placed, "by_rung": dict(_ordered(tally))}
        for model, tally in tallies.items()
    }


def told_edits(tallies: Mapping[str, Tally]) -> Sequence[str]:
    """Tell the counts, a line for each model."""
    lines: list[str] = []
    for model, tally in tallies.items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in _ordered(tally))
        lines.append(f"{model}: {tally.placed} of {tally.edits} edits placed ({kinds})")
    return lines


def _counts(value: Json) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    return {kind: count for kind, count in value.items() if isinstance(count, int) and count > 0}


def _ordered(tally: Tally) -> Iterator[tuple[str, int]]:
    """Give the rungs as they are climbed, then the refusals, the most frequent first."""
    rungs = [rung.value for rung in Rung]
    yield from ((rung, tally.counts[rung]) for rung in rungs if rung in tally.counts)
    refused = [(kind, count) for kind, count in tally.counts.items() if kind not in rungs]
    yield from sorted(refused, key=lambda pair: (-pair[1], pair[0]))
