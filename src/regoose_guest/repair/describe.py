"""Say in a sentence what a patch does."""

from __future__ import annotations

import ast
from collections import Counter

from regoose_guest.repair.candidates import Candidate
from regoose_guest.repair.edits import Edit, Replace

_LONGEST = 80


def describe(candidate: Candidate) -> str:
    """Return one sentence for a reviewer."""
    said = Counter(_edit(edit) for part in candidate.parts for edit in part.edits)
    sentence = " and ".join(text if times == 1 else f"{text} in {times} places" for text, times in said.items())
    return sentence[:1].upper() + sentence[1:]


def _edit(edit: Edit) -> str:
    if isinstance(edit, Replace):
        if isinstance(edit.node, ast.Compare) and isinstance(edit.new, ast.Compare):
            operators = _operators(edit.node, edit.new)
            if operators:
                return operators
        return f"replace `{_text(edit.node)}` by `{_text(edit.new)}`"
    if not edit.new:
        return f"delete `{_text(edit.statement)}`"
    kept = [index for index, one in enumerate(edit.new) if one is edit.statement]
    if kept:
        before = [f"insert `{_text(one)}` before `{_text(edit.statement)}`" for one in edit.new[: kept[0]]]
        after = [f"insert `{_text(one)}` after `{_text(edit.statement)}`" for one in edit.new[kept[0] + 1 :]]
        return " and ".join([*before, *after])
    return f"replace `{_text(edit.statement)}` by `{'; '.join(_text(one) for one in edit.new)}`"


def _operators(old: ast.Compare, new: ast.Compare) -> str:
    same = ast.dump(old.left) == ast.dump(new.left) and len(old.ops) == len(new.ops) == 1
    if not same or ast.dump(old.comparators[0]) != ast.dump(new.comparators[0]):
        return ""
    return f"compare with `{_operator(new)}` instead of `{_operator(old)}` in `{_text(old)}`"


def _operator(node: ast.Compare) -> str:
    bare = ast.Compare(ast.Name("x", ast.Load()), node.ops, [ast.Name("y", ast.Load())])
    return ast.unparse(ast.fix_missing_locations(bare))[2:-2]


def _text(node: ast.AST) -> str:
    text = ast.unparse(ast.fix_missing_locations(node)).split("\n")
    line = " ".join([text[0], "…"]) if len(text) > 1 else text[0]
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
