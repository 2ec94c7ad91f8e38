"""Tools that change files: by search and replace, by patch, whole, and what becomes of paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from regoose.agents.desk import Desk
from regoose.agents.tool import Mistake, Observation, Tool
from regoose.domain.patch import Patch
from regoose.domain.policy import Act, Action
from regoose.workspace.edits import Applied, Delete, Edit, Move, Replace, Tally, Write, apply_edits, parse_edits

_LARGEST = 1_000_000
_LARGEST_FILE = 4_000_000
"""Bytes of a file that is changed, moved or deleted: a patch holds it before and after."""

Path = Annotated[str, Field(min_length=1, max_length=1000, description="Relative to the repository.")]
Text = Annotated[str, Field(max_length=_LARGEST)]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Edit(_Arguments):
    path: Annotated[str, Field(max_length=1000, description="Relative to the repository; not with `patch`.")] = ""
    search: Annotated[Text, Field(description="Lines to find, exactly as they are, enough to be found once.")] = ""
    replace: Annotated[Text, Field(description="Lines to put there.")] = ""
    every: Annotated[bool, Field(description="Replace each place where `search` stands.")] = False
    patch: Annotated[
        Text, Field(description="Instead of the others: SEARCH/REPLACE blocks or a unified diff, of one file or more.")
    ] = ""

    @model_validator(mode="after")
    def _one_form(self) -> _Edit:
        if bool(self.patch) == bool(self.path):
            raise ValueError("give `path`, `search` and `replace`, or `patch` alone")
        if self.path and not self.search:
            raise ValueError("`search` is empty: to write a whole file use `create`")
        return self


class _Create(_Arguments):
    path: Path
    text: Annotated[Text, Field(description="The whole text of the file.")]


class _Delete(_Arguments):
    path: Path


class _Move(_Arguments):
    path: Path
    to: Path


async def _apply(edits: Sequence[Edit], desk: Desk) -> Observation:
    tree = await desk.files()

    def read(path: str) -> bytes | None:
        content = desk.changes.read(path)
        if content is not None and len(content) > _LARGEST_FILE:
            raise Mistake(f"{path!r} holds {len(content):,} bytes; files above {_LARGEST_FILE:,} are not changed.")
        return content

    outcome = apply_edits(edits, read, tree.listing().paths)
    patch = outcome.patch if isinstance(outcome, Applied) else Patch(())
    return Observation(outcome.message(), patch, edits=Tally.of(outcome).counts)


def _edits(arguments: _Edit) -> Sequence[Edit]:
    if arguments.patch:
        parsed = parse_edits(arguments.patch)
        if parsed.problems:
            raise Mistake("\n\n".join(problem.message() for problem in parsed.problems))
        return parsed.edits
    return (Replace(arguments.path, arguments.search, arguments.replace, every=arguments.every),)


def _writing(*paths: str) -> tuple[Action, ...]:
    return tuple(Action(Act.WRITE, path) for path in paths)


def _paths(edits: Sequence[Edit]) -> tuple[Action, ...]:
    return _writing(*(path for one in edits for path in ((one.path, one.to) if isinstance(one, Move) else (one.path,))))


async def _use_edit(arguments: _Edit, desk: Desk) -> Observation:
    return await _apply(_edits(arguments), desk)


async def _use_create(arguments: _Create, desk: Desk) -> Observation:
    return await _apply((Write(arguments.path, arguments.text),), desk)


async def _use_delete(arguments: _Delete, desk: Desk) -> Observation:
    return await _apply((Delete(arguments.path),), desk)


async def _use_move(arguments: _Move, desk: Desk) -> Observation:
    return await _apply((Move(arguments.path, arguments.to),), desk)


edit = Tool(
    name="edit",
    description=(
        "Change part of a file: `search` is replaced by `replace`. Quote whole lines with their indentation. All edits "
        "of one call are applied, or none."
    ),
    arguments=_Edit,
    use=_use_edit,
    actions=lambda arguments: _paths(_edits(arguments)),
)
create = Tool(
    name="create",
    description="Write a whole file: a new one, or one whose text is to be replaced altogether.",
    arguments=_Create,
    use=_use_create,
    actions=lambda arguments: _writing(arguments.path),
)
delete = Tool(
    name="delete",
    description="Remove a file.",
    arguments=_Delete,
    use=_use_delete,
    actions=lambda arguments: _writing(arguments.path),
)
move = Tool(
    name="move",
    description="Give a file another path.",
    arguments=_Move,
    use=_use_move,
    actions=lambda arguments: _writing(arguments.path, arguments.to),
)
