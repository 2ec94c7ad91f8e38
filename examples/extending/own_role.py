"""A role of one's own: it writes the changelog's entry on a change."""

from pathlib import Path

from own_tool import changelog
from pydantic import BaseModel, Field

from regoose.agents.prompt import read_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import CHANGING, LOOKING
from regoose.app import connect
from regoose.domain.policy import Act


class Entry(BaseModel):
    entry: str = Field(description="The entry as it stands in the changelog now.")


async def write_entry(repository: Path, change: str) -> str:
    scribe = Role(
        name="scribe",
        prompt=read_prompt("scribe", Path(__file__).parent),
        output=Entry,  # what it hands in, by calling `finish`
        tools=(*LOOKING, *CHANGING, changelog),
        refuses=lambda action: "" if action.act is Act.READ else "" if action.target == "CHANGELOG.md" else "not yours",
    )
    async with connect(repository) as app:
        return (await app.ask(scribe, repository, change=change)).patch.diff()
