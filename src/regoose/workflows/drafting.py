"""
The second author of `test`: a model, which writes tests for what the search left untested.

What it drafts goes to the judge of every draft, which has no regard for who wrote it.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from regoose.agents.roles import generator
from regoose.domain.generation import Draft, FileCoverage, Kept, Target, TestFile, branch_coverage
from regoose.domain.patch import Patch
from regoose.workflows.appending import appended
from regoose.workflows.planning import Planned
from regoose.workflows.shown import Room, Shown, show_repository
from regoose.workflows.writing import Studio

_ROUNDS = 2
"""How often a model may write for one module: once more where nothing of the first was worth keeping."""
_SHOWN = 20


def untested(source: str, target: Target, after: FileCoverage) -> tuple[str, ...]:
    """Return the functions of a module that are meant and of which no test runs a line."""
    covered, lines = set(after.covered_lines), set(after.lines)
    found: list[str] = []
    for name, first, last in _functions(source):
        body = {line for line in lines if first < line <= last}
        is_meant = not target.only or any(name == one or name.startswith(f"{one}.") for one in target.only)
        is_meant = is_meant and (not target.lines or any(first <= line <= last for line in target.lines))
        if body and is_meant and not body & covered:
            found.append(name)
    return tuple(found)


def wanting(modules: Sequence[Kept]) -> tuple[Kept, ...]:
    """
    Return the modules for which a model is worth asking after the search, those first that lack most.

    They have branches or lines that no test reaches, and either functions that none enters, or no test was kept.
    """
    found = [
        one
        for one in modules
        if (one.after.missing_branches or one.after.missing_lines) and (one.untested or one.file is None)
    ]
    return tuple(sorted(found, key=lambda one: (-len(one.untested), -len(one.after.missing_lines), one.target.path)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafting:
    """Has a model write tests for modules of one run, one after another."""

    studio: Studio
    environment: str
    within: str
    judge: Callable[[Draft], Awaitable[Kept]]
    """Judges a draft; part of a step."""

    async def write(self, planned: Planned, kept: Kept | None) -> Kept:
        """
        Have tests written for one module, and return what is kept of it: with them, or as it was.

        Raises what `Agent.work` raises.
        """
        path = planned.test_path
        agent = self.studio.agent(generator(self.studio.authors.prompts, path), Patch(()))
        shown = await self.studio.run.step(
            f"map {planned.target.module}", Shown, lambda: self._show(planned.target), Shown.sentence
        )
        await agent.work(
            target=_target(planned.target),
            test_path=path,
            gaps=_gaps(kept),
            **shown.variables(self.environment, self.within),
        )
        number = 1
        while True:
            text = (agent.changes.read(path) or b"").decode("utf-8", "replace")
            found = await self._judged(planned, kept, number, text)
            if found.file is not None and (kept is None or _reach(found) > _reach(kept)):
                return _with(found, kept)
            if number == _ROUNDS:
                break
            number += 1
            await agent.go_on(_findings(found))
        rest = kept or found
        return replace(rest, notes=(*rest.notes, "A model was asked, and nothing that it wrote was worth keeping."))

    async def _show(self, target: Target) -> Shown:
        studio = self.studio
        await studio.furnish()
        text = f"Write tests for {target.module} in {target.path}: {' '.join(target.only)}"
        room = Room.of(studio.staff.smallest_window())
        return await show_repository(studio.site.workspace.tree, text, studio.authors.store, room)

    async def _judged(self, planned: Planned, kept: Kept | None, number: int, text: str) -> Kept:
        async def judge() -> Kept:
            await self.studio.furnish()
            present = self.studio.site.workspace.read(planned.append_to) if planned.append_to else None
            return await self.judge(drafted(planned, kept, present or "", text))

        name = f"judge {planned.target.module} by model {number}"
        return await self.studio.run.step(name, Kept, judge, say_kept)


def say_kept(kept: Kept) -> str:
    """Sum up in a line what was kept of a draft."""
    if kept.file is None:
        return "nothing kept"
    before, after = branch_coverage([kept.before]), branch_coverage([kept.after])
    mutation = f"{kept.mutation.killed} of {kept.mutation.total} mutants"
    tests = "1 test" if len(kept.tests) == 1 else f"{len(kept.tests)} tests"
    return f"{tests}, branches {before:.0f} → {after:.0f} %, {mutation}"


def drafted(planned: Planned, kept: Kept | None, present: str, text: str) -> Draft:
    """
    Return a model's text as a draft, added to the tests that are kept already.

    `present` is the text of the file that tests are to be added to. Where the two do not go together, the model's
    stand alone.
    """
    base = kept.file if kept is not None else None
    if base is None and planned.append_to is not None:
        base = TestFile(planned.append_to, present)
    joined = None if base is None else appended(base.text, text)
    file = TestFile(planned.test_path, text) if base is None or joined is None else TestFile(base.path, joined)
    return Draft(target=planned.target, file=file)


def _with(found: Kept, before: Kept | None) -> Kept:
    """Return what is kept now, with what was said of the draft before."""
    if before is None:
        return found
    return replace(
        found,
        dropped=(*before.dropped, *found.dropped),
        oddities=before.oddities,
        notes=(*(before.notes if before.file else ()), *found.notes),
        seconds=before.seconds + found.seconds,
    )


def _reach(kept: Kept) -> tuple[int, int, int]:
    after = kept.after
    return len(after.covered_branches), len(after.covered_lines), kept.mutation.killed


def _target(target: Target) -> str:
    only = f": {', '.join(f'`{name}`' for name in target.only)}" if target.only else ""
    lines = f", of which only these lines changed: {_ranges(target.lines)}" if target.lines else ""
    return f"the module `{target.module}` (`{target.path}`){only}{lines}."


def _gaps(kept: Kept | None) -> str:
    if kept is None:
        return "What the repository's own tests reach already need not be tested again."
    lines = ["A search has written tests already; they are kept. What it left:", ""]
    lines += [f"- `{name}` is entered by no test" for name in kept.untested[:_SHOWN]]
    if kept.after.missing_lines:
        lines.append(f"- lines that no test runs: {_ranges(kept.after.missing_lines)}")
    return "\n".join(lines)


def _findings(found: Kept) -> str:
    said = [f"- {one.test}: {one.reason.value.replace('_', ' ')}: {one.detail}" for one in found.dropped[:_SHOWN]]
    return "\n".join(
        [
            "Your tests were judged, and nothing of them was worth keeping:",
            *said,
            *(f"- {note}" for note in found.notes),
            "Write tests that pass as the code is and reach what is not reached, and finish again.",
        ]
    )


def _ranges(lines: Sequence[int]) -> str:
    """Write line numbers as ranges, the first of them."""
    parts: list[list[int]] = []
    for line in sorted(lines):
        if parts and line == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], line]
        else:
            parts.append([line, line])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts[:_SHOWN])
    return shown if len(parts) <= _SHOWN else f"{shown}, …"


def _functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield qualified name, first line and last line of each function; nothing of what cannot be parsed."""

    def walk(body: Sequence[ast.stmt], prefix: str) -> Iterator[tuple[str, int, int]]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield prefix + node.name, node.lineno, node.end_lineno or node.lineno
            elif isinstance(node, ast.ClassDef):
                yield from walk(node.body, f"{prefix}{node.name}.")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own invalid escapes are not ours to report
            yield from walk(ast.parse(source).body, "")
    except (SyntaxError, ValueError):
        return
