"""From observed candidates to cases: names for variables, imports, fixtures."""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from typing import Dict, Iterable, List, Optional, Set, Tuple

from regoose_guest.testgen.acts import (
    CONSTRUCTOR,
    METHOD,
    PROPERTY,
    SETTER,
    STATIC,
    Act,
    Candidate,
    enters,
    held_arguments,
    is_statement,
    source,
)
from regoose_guest.testgen.case import Case, Check, Observed, Raised, Step
from regoose_guest.testgen.observing import SeenJson

_HELPERS = (
    *("collections", "copy", "datetime", "decimal", "fractions", "functools", "io", "itertools", "math", "operator"),
    *("re", "types", "uuid"),
)
_TAKEN = frozenset(
    (*dir(builtins), "tmp_path", "capsys", "monkeypatch", "result", "pytest", "asyncio", "islice", *_HELPERS)
)
_VARIABLE = re.compile(r"\b(?:v\d+|a\d+|a_\w+)\b")
"""What earlier acts gave, and what the last one was given."""


class Finisher:
    """Makes cases. `defined` are the names of the module under test."""

    def __init__(self, defined: Iterable[str], keys: Iterable[str]) -> None:
        self._defined = set(defined)
        self._keys = set(keys)

    def case(self, candidate: Candidate, seen: SeenJson) -> Case:
        """Return the case of an observed candidate."""
        acts = candidate.acts
        if seen["raised"] is not None:
            acts = acts[: seen["ended"] + 1]
        names = self._names(acts, seen)
        last, held = held_arguments(acts[-1])
        held = {name: text for name, text in held.items() if any(looked == name for _, looked, _ in seen["rows"])}
        names.update((name, f"argument_{name.lstrip('a').lstrip('_')}_") for name in held)
        if held:
            acts = (*acts[:-1], _with_variables(acts[-1], last, names))
        steps = tuple(self._step(number, acts, seen, names) for number in range(len(acts)))
        steps = (*steps[:-1], *(Step(text, names[name]) for name, text in held.items()), steps[-1])
        checks = tuple(
            Check(kind, _renamed(looked, names), _renamed(wanted, {})) for kind, looked, wanted in seen["rows"]
        )
        raised = seen["raised"]
        printed = seen["printed"] if raised is None else ""
        observed = Observed(
            checks=checks,
            raised=None
            if raised is None
            else Raised(
                type=raised["type"],
                module=raised["module"],
                message=raised["message"],
                is_explicit=raised["is_explicit"],
                line=raised["line"],
                said=raised["said"],
            ),
            printed=printed,
        )
        used = {name for step in steps for name in _read(step.source)}
        used |= {name for check in checks for text in (check.expression, check.expected) for name in _read(text)}
        fixtures = [name for name in ("tmp_path", "monkeypatch") if name in used] + (["capsys"] if printed else [])
        return Case(
            subject=self._subject(candidate, acts),
            steps=steps,
            observed=observed,
            needs=frozenset(self._needs(used, seen)),
            fixtures=tuple(fixtures),
            pins=tuple(seen["pins"]),
        )

    def _needs(self, used: Set[str], seen: SeenJson) -> List[str]:
        needs = [f"import {name}" for name in _HELPERS if name in used and name not in self._defined]
        return [*needs, "from itertools import islice"] if seen["wrapped"] == "islice" else needs

    def _subject(self, candidate: Candidate, acts: Tuple[Act, ...]) -> str:
        """Name what the last act exercises, which need not be what the candidate was made for."""
        last = acts[-1]
        if last.kind in {METHOD, PROPERTY, SETTER} and acts[0].kind in {CONSTRUCTOR, STATIC}:
            key = f"{acts[0].name.split('.')[0]}.{last.name}"
            return key if key in self._keys else candidate.subject
        return last.name if last.name in self._keys else candidate.subject

    def _names(self, acts: Tuple[Act, ...], seen: SeenJson) -> Dict[str, str]:
        """Return the variable for each act whose value is used again."""
        used = {act.receiver for act in acts[1:]}
        used |= {found.group(0) for _, looked, _ in seen["rows"] for found in _VARIABLE.finditer(looked)}
        names: Dict[str, str] = {}
        for number, act in enumerate(acts):
            if f"v{number}" in used:
                names[f"v{number}"] = self._variable(act, set(names.values()))
        return names

    def _variable(self, act: Act, taken: Set[str]) -> str:
        base = act.name.rpartition(".")[0] if act.kind == STATIC else act.name
        is_member = act.kind == PROPERTY and not _VARIABLE.fullmatch(act.receiver)  # of an enumeration
        base = act.receiver if is_member else base
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base.split(".")[0]).strip("_").lower()
        name = words if act.kind in {CONSTRUCTOR, STATIC} or is_member else "made"
        if not name.isidentifier() or keyword.iskeyword(name) or name in _TAKEN or name in self._defined:
            name = "instance" if "instance" not in self._defined else "instance_"
        while name in taken:
            name += "_"
        return name

    @staticmethod
    def _step(number: int, acts: Tuple[Act, ...], seen: SeenJson, names: Dict[str, str]) -> Step:
        act = acts[number]
        act = act._replace(receiver=names.get(act.receiver, act.receiver))
        text = source(act)
        is_last = number == len(acts) - 1
        wrapped = seen["wrapped"] if is_last else ""
        if wrapped == "list":
            text = f"list({text})"
        elif wrapped == "islice":
            text = f"list(islice({text}, 40))"
        elif wrapped == "aiter":
            text = f"[one async for one in {text.replace('.__aiter__()', '')}]"
        elif wrapped == "awith":
            return Step(f"async with {text} as result:\n    return result", is_statement=True)
        elif wrapped == "with" or (is_last and enters(act)):
            held = act.receiver if enters(act) else text
            is_seen = any(re.search(r"\bresult\b", looked) for _, looked, _ in seen["rows"])
            return Step(f"with {held}{' as result' if is_seen else ''}:\n    pass", is_statement=True)
        return Step(text, names.get(f"v{number}", ""), awaits=wrapped == "await", is_statement=is_statement(act))


def _with_variables(act: Act, held: Act, names: Dict[str, str]) -> Act:
    """Return the act with variables where it has names for them, and else the values."""
    return act._replace(
        positional=tuple(names.get(one, text) for one, text in zip(held.positional, act.positional)),
        keywords=tuple((key, names.get(one, text)) for (key, one), (_, text) in zip(held.keywords, act.keywords)),
    )


def _renamed(text: str, names: Dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: names.get(found.group(0), found.group(0)), text) if names else text


def _read(text: str) -> List[str]:
    try:
        tree: Optional[ast.AST] = ast.parse(text)
    except SyntaxError:
        return []
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
