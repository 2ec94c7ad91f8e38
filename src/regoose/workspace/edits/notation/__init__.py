"""The notations in which edits are written: `parse_edits` for a text, `edits_of_data` for a tool call's arguments."""

from regoose.workspace.edits.notation.data import edits_of_data
from regoose.workspace.edits.notation.text import Parsed, parse_edits

__all__ = ["Parsed", "edits_of_data", "parse_edits"]
