"""A tool of one's own: what the project's changelog says of a word."""

from pydantic import BaseModel, Field

from regoose.agents.desk import Desk
from regoose.agents.tool import Mistake, Observation, Tool
from regoose.domain.policy import Act, Action


class Wanted(BaseModel):
    word: str = Field(min_length=2, description="Part of a line, in whatever case.")


async def look_up(wanted: Wanted, desk: Desk) -> Observation:
    text = desk.changes.read("CHANGELOG.md")  # as the agent has changed it so far
    if text is None:
        raise Mistake("This project has no CHANGELOG.md.")  # told to the model
    lines = [line for line in text.decode().splitlines() if wanted.word.lower() in line.lower()]
    return Observation(desk.outputs.shorten("\n".join(lines)) or f"It says nothing of {wanted.word!r}.")


changelog = Tool(
    name="changelog",
    description="Find the lines of the changelog that have a word.",
    arguments=Wanted,
    use=look_up,
    actions=lambda _: (Action(Act.READ, "CHANGELOG.md"),),  # the policy decides first
)
