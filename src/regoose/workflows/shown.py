"""What the agents of a run are shown of the repository before they look for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regoose.agents.outputs import SHOWN
from regoose.context.index import open_index
from regoose.context.ranking import rank
from regoose.context.repository_map import repository_map
from regoose.context.store import Store
from regoose.context.tree import Tree
from regoose.context.truncation import truncate

_MAP_TOKENS = 3000
_CHARACTERS_PER_TOKEN = 3.5
_CONVENTIONS = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
"""Files in which a repository says how it is worked on; the first that is there counts."""
_LONGEST = 8000
"""Characters of it that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of a window goes to what is shown, in characters but for the map's tokens."""

    map_tokens: int
    conventions: int
    output: int
    """Of one tool's output."""

    @classmethod
    def of(cls, window: int) -> Room:
        """Divide a window of so many tokens: a small one leaves less for each."""
        return cls(
            map_tokens=min(_MAP_TOKENS, window // 8),
            conventions=min(_LONGEST, int(window * _CHARACTERS_PER_TOKEN) // 16),
            output=min(SHOWN, int(window * _CHARACTERS_PER_TOKEN) // 6),
        )

    def largest(self) -> dict[str, int]:
        """Return the most characters that the variables of prompts usually have."""
        return {
            "repository_map": int(self.map_tokens * _CHARACTERS_PER_TOKEN),
            "conventions": self.conventions,
            "environment": 300,
            "requirement": 1000,
            "plan": 1500,
            "tests": 500,
            "diff": self.output,
            "evidence": 1000,
            "target": 300,
            "test_path": 100,
            "gaps": 2000,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Recorded, so that a replay shows the same."""

    map: str
    conventions: str
    files: int

    def sentence(self) -> str:
        """Sum it up in a line."""
        return f"{self.files:,} files, a map of {self.map.count(chr(10))} lines"

    def variables(self, environment: str, within: str) -> dict[str, str]:
        """Return what most prompts take; `within` is the directory of the project meant."""
        meant = f" The project meant is in `{within}`." if within else ""
        return {
            "repository_map": self.map,
            "conventions": self.conventions,
            "environment": f"Tests run with pytest, offline: {environment}.{meant}",
        }


async def show_repository(root: Path, requirement: str, store: Store, room: Room) -> Shown:
    """Rank a tree for a requirement and draw its map; read what the repository says about working on it."""
    tree = Tree(root=root)
    index = await open_index(tree, store)
    ranking = await rank(index, requirement)
    drawn = await repository_map(index, ranking, tokens=room.map_tokens)
    said = next((text for name in _CONVENTIONS if (text := tree.text(name))), "")
    return Shown(map=drawn, conventions=truncate(said, limit=room.conventions), files=len(index.records))
