"""What is to be done for a requirement, where and at what risk."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Line = Annotated[str, Field(min_length=1, max_length=2000)]
Path = Annotated[str, Field(min_length=1, max_length=500)]


class Plan(BaseModel):
    """
    A plan as the planner hands it in; the first six fields are those of a requirement's analysis.

    A pydantic model, since a language model writes it: its JSON schema is what the model is shown, and what it hands
    in is validated against it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    complexity: Annotated[int, Field(ge=1, le=5, description="1 (a line or two) to 5 (a redesign).")]
    files_to_modify: Annotated[tuple[Path, ...], Field(description="Existing files, relative to the repository.")]
    new_files_needed: Annotated[tuple[Path, ...], Field(description="Files to be made, relative to the repository.")]
    dependencies: Annotated[tuple[Line, ...], Field(description="Packages that are needed and not there yet.")]
    risks: Annotated[tuple[Line, ...], Field(description="What may go wrong or break for existing users.")]
    estimated_time_minutes: Annotated[int, Field(ge=1, le=100_000, description="For a skilled engineer.")]
    summary: Annotated[Line, Field(description="What will be done, in two or three sentences.")]
    steps: Annotated[tuple[Line, ...], Field(min_length=1, max_length=30, description="The changes, in order.")]
    acceptance_criteria: Annotated[
        tuple[Line, ...],
        Field(min_length=1, max_length=20, description="Observable behaviour, each checkable by an automated test."),
    ]
