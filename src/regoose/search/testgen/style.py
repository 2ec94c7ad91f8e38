"""How a repository formats its tests, read from its configuration and from the tests themselves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from regoose_guest.testgen.schema import StyleJson


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The few choices in which formatters differ."""

    line_length: int = 88
    quotes: str = '"'
    classes: bool = False
    """Whether tests stand in classes."""
    own: tuple[str, ...] = ()
    """Top-level modules of the repository, which imports list last."""

    def to_json(self) -> StyleJson:
        """Return it as the guest reads it."""
        return {
            "line_length": self.line_length,
            "quotes": self.quotes,
            "classes": self.classes,
            "own": list(self.own),
        }


def detect(root: Path) -> Style:
    """Return the style of the repository at `root`; the defaults of its formatter where it says nothing."""
    return Style(own=own_modules(root))


def own_modules(root: Path) -> tuple[str, ...]:
    """Return the names that Python finds at the root or in `src/`, sorted."""
    found: set[str] = set()
    for folder in (root, root / "src"):
        if not folder.is_dir():
            continue
        for path in folder.iterdir():
            is_package = path.is_dir() and any(path.glob("*.py"))
            if path.suffix == ".py" or is_package:
                found.add(path.stem)
    return tuple(sorted(name for name in found if name.isidentifier()))
