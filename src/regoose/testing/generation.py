"""An author of tests that writes what it was told to write: the fake of `regoose.search.testgen.generate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from regoose.domain.generation import Draft, Oddity, Target, TestFile
from regoose.sandbox.base import Sandbox
from regoose.search.testgen import GenerateOptions, GenerateProgress


@dataclass(slots=True)
class ScriptedAuthor:
    """Gives the text for a module, with what looks odd in it, and remembers what it was asked."""

    texts: Mapping[str, str]
    """Dotted module → text of a pytest file; a module that is missing gets no file and a note."""
    oddities: tuple[Oddity, ...] = ()
    asked: list[tuple[Target, GenerateOptions]] = field(default_factory=list[tuple[Target, GenerateOptions]])

    async def __call__(
        self,
        sandbox: Sandbox,
        environment_python: str,
        target: Target,
        options: GenerateOptions,
        *,
        env: Mapping[str, str] | None = None,
        on_progress: Callable[[GenerateProgress], None] | None = None,
    ) -> Draft:
        """Return the draft."""
        del sandbox, environment_python, env
        self.asked.append((target, options))
        if on_progress is not None:
            on_progress(_PROGRESS)
        text = self.texts.get(target.module, "")
        return Draft(
            target=target,
            file=TestFile(options.test_path, text) if text else None,
            oddities=tuple(one for one in self.oddities if one.path == target.path),
            note="" if text else f"Nothing is scripted for {target.module}.",
        )


_PROGRESS = GenerateProgress(
    phase="write", executions=1, branches=1, branches_total=1, cases=1, killed=0, mutants=0, seconds=0.0
)
