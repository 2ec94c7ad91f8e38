"""
Have mini-swe-agent go through the turns of a scripted model, for `turns.py`.

`python turns_peer.py ADDRESS TREE local|bubblewrap FILE`, with the interpreter of an environment that has it. Its
trajectory is kept in the file, after each turn, as its command line does.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast


class _Agent(Protocol):
    def run(self, task: str) -> dict[str, str]: ...


_Make = Callable[..., object]


def main() -> None:
    """Run the trajectory once."""
    address, tree, where, kept = sys.argv[1:]
    agent = cast("Callable[..., _Agent]", _of("agents.default", "DefaultAgent"))
    model = _of("models.litellm_model", "LitellmModel")(
        model_name="openai/gpt-4o", model_kwargs={"api_base": f"{address}/v1", "api_key": "any", "drop_params": True}
    )
    make = _of("environments.extra.bubblewrap", "BubblewrapEnvironment")
    if where == "local":
        make = _of("environments.local", "LocalEnvironment")
    told = "You change the files of a small project by commands."
    made = agent(
        model, make(cwd=tree), system_template=told, instance_template="Task: {{task}}", output_path=Path(kept)
    )
    ended = made.run("set the rates")
    assert ended["exit_status"] == "Submitted", ended


def _of(module: str, name: str) -> _Make:
    return cast("_Make", getattr(importlib.import_module(f"minisweagent.{module}"), name))


if __name__ == "__main__":
    main()
