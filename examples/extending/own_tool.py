"""A tool of one's own: how many open points a file has."""

from pydantic import BaseModel, Field

from regoose.agents.desk import Desk
from regoose.agents.tool import Mistake, Observation, Tool
from regoose.domain.policy import Act, Action


class Where(BaseModel):
    path: str = Field(description="A file, relative to the repository.")


async def count(where: Where, desk: Desk) -> Observation:
    """Count the lines that say TODO, in the file as the agent has changed it so far."""
    content = desk.changes.read(where.path)
    if content is None:
        raise Mistake(f"There is no file {where.path!r}.")  # told to the model
    return Observation(f"{where.path} has {content.count(b'TODO')} open points.")


count_todos = Tool(
    name="count_todos",
    description="Count the open points of a file.",
    arguments=Where,
    use=count,
    actions=lambda where: (Action(Act.READ, where.path),),  # the policy decides first
)
