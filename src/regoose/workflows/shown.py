"""What the agents of a run are shown of the repository before they look for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regoose.context.index import open_index
from regoose.context.ranking import rank
from regoose.context.repository_map import repository_map
from regoose.context.store import Store
from regoose.context.tree import Tree
from regoose.context.truncation import truncate

MAP_TOKENS = 3000
_CONVENTIONS = ("AGENTS.md", "CLAUDE.md", "CONTRIBUTING.md")
"""Files in which a repository says how it is worked on; the first that is there counts."""
_LONGEST = 8000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Recorded, so that a replay shows the same."""

    map: str
    conventions: str
    files: int

    def sentence(self) -> str:
        """Sum it up in a line."""
        return f"{self.files:,} files, a map of {self.map.count(chr(10))} lines"


async def show_repository(root: Path, requirement: str, store: Store) -> Shown:
    """Rank a tree for a requirement and draw its map; read what the repository says about working on it."""
    tree = Tree(root=root)
    index = await open_index(tree, store)
    ranking = await rank(index, requirement)
    drawn = await repository_map(index, ranking, tokens=MAP_TOKENS)
    said = next((text for name in _CONVENTIONS if (text := tree.text(name))), "")
    return Shown(map=drawn, conventions=truncate(said, limit=_LONGEST), files=len(index.records))
