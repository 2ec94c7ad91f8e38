"""
The edit ladder: applies what an author wrote to files, or says exactly why not.

Everything here is a pure function over texts. `apply_edits(edits, read, paths)` takes edits (`Replace`, `Write`,
`Delete`, `Move`), a function that gives a file's bytes, and the known paths. It returns `Applied` (a `Patch`, where
each edit was placed and on which rung, notes) or `Refused` (typed refusals with a message for its author; nothing
is applied). `Tally.of(outcome)` counts rungs and refusals; tallies add up.

`parse_edits(text)` reads edits out of a model's text, `edits_of_data(arguments)` out of a tool call's arguments.
"""

from regoose.workspace.edits.apply import Read, apply_edits
from regoose.workspace.edits.forms import Delete, Edit, Move, Reading, Replace, Write
from regoose.workspace.edits.notation import Parsed, edits_of_data, parse_edits
from regoose.workspace.edits.outcome import (
    Ambiguous,
    Applied,
    Elided,
    Malformed,
    Missed,
    NoSuchFile,
    Outcome,
    OutsideRepository,
    PathTaken,
    Placed,
    Refusal,
    Refused,
    Rung,
    Tally,
    Unchanged,
    Unclear,
    Undecodable,
    Unparsable,
)

__all__ = [
    "Ambiguous",
    "Applied",
    "Delete",
    "Edit",
    "Elided",
    "Malformed",
    "Missed",
    "Move",
    "NoSuchFile",
    "Outcome",
    "OutsideRepository",
    "Parsed",
    "PathTaken",
    "Placed",
    "Read",
    "Reading",
    "Refusal",
    "Refused",
    "Replace",
    "Rung",
    "Tally",
    "Unchanged",
    "Unclear",
    "Undecodable",
    "Unparsable",
    "Write",
    "apply_edits",
    "edits_of_data",
    "parse_edits",
]
