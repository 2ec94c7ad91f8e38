"""
What a turn costs besides the model: ours beside mini-swe-agent's, with a model that answers at once.

    .venv/bin/python benchmarks/turns.py --peer FOLDER [--rounds N] [--turns N] [--only mixed|commands]

FOLDER holds the peer's environment; it is made there by uv where it is missing. Both harnesses go through the same
trajectory, alternating, each round in a process of its own and on a new copy of the same small repository, in front of
the same server (`turns_server.py`), which takes the time from each answer to the next request: everything that a
harness does in a turn, its commands included, and nothing of starting and ending. Journal and ledger are on here, the
peer writes its trajectory after each turn, as its command line does.

Two trajectories: `mixed` reads a file, edits one and runs a command in turn, as each harness does that (tools here,
commands there); `commands` runs the same command in every turn. Commands run in bubblewrap in both; the peer is
measured with its default as well, which is no sandbox at all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_tools import plain_environment, progress, scratch_folder
from pydantic import BaseModel

from regoose.agents.prompt import parse_prompt
from regoose.agents.role import Role
from regoose.agents.toolbox import CHANGING, LOOKING, RUNNING
from regoose.app import connect

HERE = Path(__file__).parent
PEER = ("mini-swe-agent==2.4.6", "litellm==1.106.2", "mcp")
"""litellm imports the last one without asking for it."""
TRAJECTORIES = ("mixed", "commands")
FILES = 8
_LINES = 60
_PROMPT = """\
+++
role = "changer"
version = 1
variables = ["task"]
+++
# System
You change the files of a small project.
# Task
Task: {{ task }}
"""

Call = tuple[str, dict[str, object]]


class Done(BaseModel):
    """What the role hands in."""

    summary: str


@dataclass(frozen=True, slots=True)
class Harness:
    """A harness and how a round of it is started; `{address}`, `{tree}` and `{place}` are put in."""

    name: str
    command: tuple[str, ...]
    script: tuple[Call, ...]


@dataclass(slots=True)
class Times:
    """Seconds of turns, by round."""

    rounds: list[list[float]] = field(default_factory=list[list[float]])

    def median(self) -> float:
        """Return the median of all turns, in milliseconds."""
        return 1000 * statistics.median([seconds for turns in self.rounds for seconds in turns])

    def spread(self) -> str:
        """Return the smallest and largest median of a round."""
        each = [1000 * statistics.median(turns) for turns in self.rounds]
        return f"{min(each):.1f} to {max(each):.1f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, default=Path("peer"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--only", choices=TRAJECTORIES, help="one of the two trajectories")
    parser.add_argument("--ours", nargs=2, metavar=("ADDRESS", "TREE"), help="run our trajectory once")
    given = parser.parse_args()
    if given.ours:
        asyncio.run(ours(given.ours[0], Path(given.ours[1])))
        return
    peer = environment_of_peer(given.peer)
    for trajectory in [given.only] if given.only else TRAJECTORIES:
        harnesses = contestants(peer, trajectory, given.turns)
        found = {harness.name: Times() for harness in harnesses}
        for number in range(given.rounds):
            progress(f"{trajectory}: round {number + 1} of {given.rounds}")
            for harness in harnesses:
                found[harness.name].rounds.append(measure(harness, given.turns))
        show(trajectory, found)


def show(trajectory: str, found: dict[str, Times]) -> None:
    """Print the medians and their ratios."""
    first = next(iter(found.values())).median()
    print(f"\n{trajectory}: median milliseconds of a turn (of rounds: smallest to largest), and ours over theirs")
    for name, times in found.items():
        ratio = f"{first / times.median():.2f}"
        print(f"  {name:28} {times.median():7.1f}  ({times.spread()})  {ratio}")


def contestants(peer: Path, trajectory: str, turns: int) -> tuple[Harness, ...]:
    """Return the harnesses with their scripts; ours first."""
    theirs = (
        *(_their_call(trajectory, turn) for turn in range(turns)),
        _bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"),
    )
    last: Call = ("finish", {"summary": "done"})
    own = (*(_our_call(trajectory, turn) for turn in range(turns)), last)
    run = (str(peer), str(HERE / "turns_peer.py"), "{address}", "{tree}")
    return (
        Harness("regoose, bubblewrap", (sys.executable, __file__, "--ours", "{address}", "{tree}"), own),
        Harness("mini-swe-agent, bubblewrap", (*run, "bubblewrap", "{place}/trajectory.json"), theirs),
        Harness("mini-swe-agent, no sandbox", (*run, "local", "{place}/trajectory.json"), theirs),
    )


def measure(harness: Harness, turns: int) -> list[float]:
    """Run one round and return the seconds of its turns; raises where the harness fails or did not do its work."""
    with scratch_folder() as place:
        tree = make_repository(place / "tree")
        with serve(harness.script, place) as address:
            fill = {"address": address, "tree": str(tree), "place": str(place)}
            ran = subprocess.run(
                [part.format(**fill) for part in harness.command],
                cwd=tree,
                env=plain_environment(place, {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}),
                check=False,
                capture_output=True,
                text=True,
            )
            if ran.returncode:
                raise SystemExit(f"{harness.name} failed:\n{ran.stdout}{ran.stderr}")
            with urllib.request.urlopen(f"{address}/gaps") as answer:
                gaps: list[float] = json.load(answer)
        for turn, (name, arguments) in enumerate(harness.script):
            path, rate = _place(turn)
            if name == "edit" or "sed -i" in str(arguments.get("command", "")):
                assert f"{rate} = {turn}\n" in (tree / path).read_text(encoding="utf-8"), f"{harness.name}, turn {turn}"
    assert len(gaps) == turns, f"{harness.name} went through {len(gaps)} of {turns} turns"
    return gaps


async def ours(address: str, tree: Path) -> None:
    """Go through the trajectory once, as a run."""
    tools = (*LOOKING, *CHANGING, *RUNNING)
    role = Role(name="changer", prompt=parse_prompt(_PROMPT, "changer"), output=Done, tools=tools, turns=1000)
    flags = {
        "openai_base_url": f"{address}/v1",
        "openai_api_key": "any-key-at-all",
        "llm_model": "gpt-4o",
        "sandbox": "bubblewrap",
        "state_dir": str(Path.home() / "state"),
        "cache_dir": str(Path.home() / "cache"),
        "python": sys.executable,
    }
    async with connect(tree, flags) as app:
        asked = await app.ask(role, tree, task="set the rates")
    for edit in asked.patch.edits:  # for the check that the work was done
        (tree / edit.path).write_text(edit.after or "", encoding="utf-8")


def _our_call(trajectory: str, turn: int) -> Call:
    path, rate = _place(turn)
    match turn % 3 if trajectory == "mixed" else 2:
        case 0:
            return "read", {"path": path}
        case 1:
            return "edit", {"path": path, "search": f"{rate} = 0", "replace": f"{rate} = {turn}"}
        case _:
            return "shell", {"command": _command(turn)}


def _their_call(trajectory: str, turn: int) -> Call:
    path, rate = _place(turn)
    match turn % 3 if trajectory == "mixed" else 2:
        case 0:
            return _bash(f"nl -ba {path}")
        case 1:
            return _bash(f"sed -i 's/^{rate} = 0$/{rate} = {turn}/' {path}")
        case _:
            return _bash(_command(turn))


def _bash(command: str) -> Call:
    return "bash", {"command": command}


def _command(turn: int) -> str:
    return f"grep -c RATE_{turn} shop/*.py"


def _place(turn: int) -> tuple[str, str]:
    return f"shop/part{turn % FILES}.py", f"RATE_{turn % _LINES}"


def make_repository(tree: Path) -> Path:
    """Write a small repository with a first commit."""
    (tree / "shop").mkdir(parents=True)
    for number in range(FILES):
        lines = "".join(f"RATE_{line} = 0\n" for line in range(_LINES))
        (tree / "shop" / f"part{number}.py").write_text(lines, encoding="utf-8")
    author = ("-c", "user.name=A", "-c", "user.email=a@localhost")
    for arguments in (("init", "-q"), ("add", "."), (*author, "commit", "-qm", "Begin")):
        subprocess.run(["git", *arguments], cwd=tree, check=True)
    return tree


@contextmanager
def serve(script: tuple[Call, ...], place: Path) -> Generator[str]:
    """Start the model in a process of its own and give its address."""
    written = place / "script.json"
    written.write_text(json.dumps(script), encoding="utf-8")
    command = [sys.executable, str(HERE / "turns_server.py"), str(written)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def environment_of_peer(folder: Path) -> Path:
    """Return the interpreter of the peer's environment, which is made where it is missing."""
    python = folder.absolute() / "bin" / "python"
    if not python.exists():
        environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
        for arguments in (["venv", "-q", str(folder)], ["pip", "install", "-q", "--python", str(python), *PEER]):
            subprocess.run(["uv", *arguments], env=environment, check=True)
    return python


if __name__ == "__main__":
    main()
