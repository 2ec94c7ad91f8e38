"""A search that finds what it was told to find: the fake of `regoose.workflows.site.Search`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from regoose.domain.evidence import Difference
from regoose.domain.patch import FileEdit, Patch
from regoose.domain.repair import Candidate, RepairReport, Suspect
from regoose.sandbox.base import Sandbox
from regoose.search.repair import BaseReader, RepairOptions, RepairProgress


@dataclass(frozen=True, slots=True)
class Replacement:
    """A candidate: one text of a file replaced by another."""

    path: str
    old: str
    new: str
    behaviour: int = 1


@dataclass(slots=True)
class ScriptedSearch:
    """Gives its replacements as candidates, in order, and counts how often it was asked."""

    replacements: Sequence[Replacement]
    differences: tuple[Difference, ...] = ()
    asked: list[RepairOptions] = field(default_factory=list[RepairOptions])

    async def __call__(
        self,
        sandbox: Sandbox,
        environment_python: str,
        options: RepairOptions,
        *,
        files: BaseReader,
        env: Mapping[str, str] | None = None,
        on_progress: Callable[[RepairProgress], None] | None = None,
    ) -> RepairReport:
        """Return the candidates."""
        del sandbox, environment_python, env
        self.asked.append(options)
        if on_progress is not None:
            found = len(self.replacements)
            on_progress(RepairProgress(phase="search", tried=found, plausible=found, best="", seconds=0.0))
        return RepairReport(
            candidates=tuple(_candidate(number, one, files) for number, one in enumerate(self.replacements, 1)),
            suspects=(Suspect("stats.py", 2, "mean", 1.0),),
            differences=self.differences,
            behaviours=len({one.behaviour for one in self.replacements}),
            tried=len(self.replacements),
            seconds=0.0,
            stopped="exhausted",
        )


def _candidate(number: int, one: Replacement, files: BaseReader) -> Candidate:
    before = files(one.path).decode("utf-8", "surrogateescape")
    return Candidate(
        number=number,
        patch=Patch((FileEdit(one.path, before, before.replace(one.old, one.new)),)),
        template="scripted",
        description=f"Replace `{one.old}` by `{one.new}`",
        score=1.0 / number,
        behaviour=one.behaviour,
    )
