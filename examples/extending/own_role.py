"""A role of one's own: it reads a repository and hands in a typed answer."""

from pathlib import Path

from own_tool import count_todos
from pydantic import BaseModel

from regoose.agents.prompt import read_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import LOOKING
from regoose.app import connect


class Answer(BaseModel):
    """What the role hands in by calling `finish`."""

    summary: str
    open_points: int


async def survey(repository: Path, topic: str) -> Answer:
    """Have the surveyor look at a repository; everything it does is bounded by the settings."""
    prompt = read_prompt("surveyor", Path(__file__).parent)
    role = Role(name="surveyor", prompt=prompt, output=Answer, tools=(*LOOKING, count_todos), turns=20)
    async with connect(repository) as app:
        return (await app.ask(role, repository, topic=topic)).output
