"""Tools that look: at a file, for a text or a symbol, at what files there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from regoose.agents.desk import Desk
from regoose.agents.outputs import PREFIX
from regoose.agents.tool import Mistake, Observation, Tool
from regoose.context.globs import matcher
from regoose.context.index import open_index
from regoose.context.passages import Passage
from regoose.context.retrieval import retrieve
from regoose.context.searching import list_files, search_symbol, search_text
from regoose.context.tree import Skipped, Tree
from regoose.domain.policy import Act, Action
from regoose.errors import TimeLimit, UsageError
from regoose.workspace.edits.source import legible

_LINES = 400
"""Lines that one call shows."""
_LINE = 500
"""Characters of one line that are shown."""
_PASSAGES = 6
"""Passages that one search shows."""
_PASSAGE_LINES = 30
"""Lines of a passage that are shown."""
_STRIDE = 65_536
"""Characters that are passed over at once on the way to a line."""
_NAMED = 5
"""Files that are named where some are left out."""


class _Read(BaseModel):
    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, description="Relative to the repository.")]
    first: Annotated[int, Field(ge=1, description="First line shown.")] = 1
    last: Annotated[int | None, Field(ge=1, description=f"Last line shown; at most {_LINES} lines at once.")] = None


async def _read(arguments: _Read, desk: Desk) -> Observation:
    path, first = arguments.path, arguments.first
    text = _text(path, desk)
    total = text.count("\n") + (not text.endswith("\n") and bool(text))
    if first > max(1, total):
        raise Mistake(f"{path} has {total} lines, so there is no line {first}.")
    last = min(arguments.last or total, total, first + _LINES - 1)
    lines = _lines(text, first, last)
    shown = "\n".join(f"{number:>6}| {_cut(line)}" for number, line in enumerate(lines, start=first))
    more = f"\n[lines {first} to {last} of {total}; go on with first={last + 1}]" if last < total else ""
    if "\ufffd" in shown:
        more += "\n[� stands for bytes that are not in the file's encoding]"
    return Observation(f"{path}\n{shown}{more}" if text else f"{path} is empty.")


def _lines(text: str, first: int, last: int) -> list[str]:
    """Return some lines; a text of millions of lines is not cut into all of them."""
    at, left = 0, first - 1
    while left > (ends := text.count("\n", at, at + _STRIDE)):
        at, left = at + _STRIDE, left - ends
    lines: list[str] = []
    for number in range(left + last - first + 1):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if number >= left:
            lines.append(text[at:end])
        at = end + 1
    return lines


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]} [{len(line) - _LINE:,} more characters]"


def _text(path: str, desk: Desk) -> str:
    """Return what a path names, as text; raises `Mistake` where there is none."""
    if path.startswith(PREFIX):
        kept = desk.outputs.read(path)
        if kept is None:
            raise Mistake(f"There is no output called {path!r}.")
        return kept
    content = desk.changes.read(path)
    if content is None:
        raise Mistake(f"There is no file {path!r}. `list` and `search` show what there is.")
    text = legible(content, path)
    if text is None:
        raise Mistake(f"{path!r} is not text: {len(content):,} bytes of something else.")
    return text.replace("\r\n", "\n")


class _Search(BaseModel):
    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=1000)]
    what: Annotated[
        Literal["text", "regex", "symbol", "topic"],
        Field(
            description=(
                "`symbol` finds definitions of a function, class or method by its name; `topic` finds the passages "
                "that deal most with what is asked, in words of your own."
            )
        ),
    ] = "text"
    paths: Annotated[str, Field(description="A glob that limits the files, e.g. `src/**/*.py`.")] = "**"


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid")

    paths: Annotated[str, Field(description="A directory, or a glob such as `src/**/*.py`.")] = ""
    depth: Annotated[int, Field(ge=1, le=10, description="Levels of directories that are opened.")] = 2


async def _search(arguments: _Search, desk: Desk) -> Observation:
    tree = await desk.files()
    if arguments.what == "topic":
        return await _passages(arguments, desk, tree)
    try:
        if arguments.what == "symbol":
            index = await open_index(tree, desk.store)
            wanted = matcher(arguments.paths)
            symbols = [one for one in await search_symbol(index, arguments.query) if wanted(one.path)]
            lines = [f"{one.path}:{one.symbol.start}-{one.symbol.end}: {one.symbol.signature}" for one in symbols]
            return Observation(desk.outputs.shorten("\n".join(lines) or f"Nothing is called {arguments.query!r}."))
        literal = arguments.what == "text"
        found = await search_text(tree, arguments.query, literal=literal, paths=arguments.paths)
    except (UsageError, TimeLimit) as error:
        raise Mistake(f"{error.message}. {error.hint}") from None
    shown = [f"{one.path}:{one.line}: {one.text}" for one in found.matches if desk.may_read(one.path)]
    if not shown:
        return Observation(f"No line matches {arguments.query!r}.{_left_out(found.skipped)}")
    hidden = found.total - len(found.matches)
    if hidden:
        shown.append(f"[{found.total:,} lines in {found.files:,} files match; narrow the search to see others]")
    return Observation(desk.outputs.shorten("\n".join(shown) + _left_out(found.skipped)))


async def _passages(arguments: _Search, desk: Desk, tree: Tree) -> Observation:
    """Show the passages that deal with a topic, best first."""
    index = await open_index(tree, desk.store)
    wanted = matcher(arguments.paths)
    found = await retrieve(
        index,
        arguments.query,
        _PASSAGES,
        wanted=lambda path: wanted(path) and desk.may_read(path),
        embedder=desk.embedder,
        store=desk.store,
    )
    note = f"\n[by words alone: {found.note}]" if found.note else ""
    if not found.passages:
        return Observation(f"Nothing deals with {arguments.query!r}.{note}")
    return Observation(desk.outputs.shorten("\n\n".join(_passage(one) for one in found.passages) + note))


def _passage(one: Passage) -> str:
    lines = one.text.split("\n")
    shown = "\n".join(
        f"{number:>6}| {_cut(line)}" for number, line in enumerate(lines[:_PASSAGE_LINES], start=one.start)
    )
    more = f"\n[and {len(lines) - _PASSAGE_LINES} more lines]" if len(lines) > _PASSAGE_LINES else ""
    return f"{one.path}{f', {one.symbol}' if one.symbol else ''}\n{shown}{more}"


def _left_out(skipped: Sequence[Skipped]) -> str:
    """Name the files that are not looked into, each with the reason."""
    named = [f"{one.path} ({one.reason})" for one in skipped[:_NAMED]]
    more = [f"and {len(skipped) - _NAMED:,} more"] if len(skipped) > _NAMED else []
    return f"\n[left out: {'; '.join([*named, *more])}]" if skipped else ""


async def _list(arguments: _List, desk: Desk) -> Observation:
    pattern = arguments.paths.strip("/")
    if pattern and not set(pattern) & set("*?["):
        pattern = f"{pattern}/**"
    depth = arguments.depth + pattern.partition("*")[0].count("/")
    listed = await list_files(await desk.files(), pattern or "**", depth=depth)
    if not listed.entries:
        raise Mistake(f"No file matches {arguments.paths!r}.{_left_out(listed.skipped)}")
    hidden = listed.total - len(listed.entries)
    more = f"\n[and {hidden:,} more; narrow the path to see them]" if hidden else ""
    return Observation("\n".join(listed.entries) + more + _left_out(listed.skipped))


def _reading(arguments: _Read) -> tuple[Action, ...]:
    return () if arguments.path.startswith(PREFIX) else (Action(Act.READ, arguments.path),)


read = Tool(
    name="read",
    description="Show a file with line numbers.",
    arguments=_Read,
    use=_read,
    actions=_reading,
)
search = Tool(
    name="search",
    description="Find lines by a text or a regular expression, definitions by their name, or passages on a topic.",
    arguments=_Search,
    use=_search,
)
listing = Tool(
    name="list",
    description="List files; directories below the depth asked for are summed up.",
    arguments=_List,
    use=_list,
)
