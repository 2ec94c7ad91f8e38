"""
Put the code that the documentation shows into it, from the modules themselves.

A line `<!-- embed: path/to/module.py:name -->` is followed by a fenced block with the source of that function or class,
a line `<!-- file: path/to/file -->` by one with the whole file.

    python scripts/embed_code.py            write the blocks
    python scripts/embed_code.py --check    exit 1 where a block is not what the module says now
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_MARK = re.compile(
    r"(?P<mark><!-- embed: (?P<path>[\w./]+):(?P<name>\w+) -->\n)(?:\n```python\n.*?\n```\n)?", re.DOTALL
)


_FILE = re.compile(
    r"(?P<mark><!-- file: (?P<path>[\w./]+) -->\n)(?:\n(?P<fence>`{3,})\w*\n.*?\n(?P=fence)\n)?", re.DOTALL
)
_LANGUAGES = {".py": "python", ".md": "markdown", ".toml": "toml"}


def definition(path: Path, name: str) -> str:
    """Return the source of a top-level function or class; raises `LookupError` where there is none of that name."""
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == name:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return "\n".join(text.splitlines()[first - 1 : node.end_lineno])
    raise LookupError(f"{path} defines no {name}")


def embedded(text: str) -> str:
    """Return a page with every block as its module has it now."""
    text = _MARK.sub(
        lambda found: f"{found['mark']}\n```python\n{definition(ROOT / found['path'], found['name'])}\n```\n", text
    )
    return _FILE.sub(lambda found: f"{found['mark']}\n{_block(ROOT / found['path'])}", text)


def _block(path: Path) -> str:
    """Return a file as a fenced block; the fence is longer than any in it."""
    text = path.read_text(encoding="utf-8").rstrip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", text)), 3)
    return f"{fence}{_LANGUAGES.get(path.suffix, 'text')}\n{text}\n{fence}\n"


def main() -> int:
    """Write or check the pages; return the exit code."""
    is_check = "--check" in sys.argv[1:]
    stale: list[str] = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        wanted = embedded(text)
        if wanted != text and is_check:
            stale.append(str(page.relative_to(ROOT)))
        elif wanted != text:
            page.write_text(wanted, encoding="utf-8")
    for name in stale:
        sys.stderr.write(f"{name} shows code that has changed; run `python scripts/embed_code.py`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
