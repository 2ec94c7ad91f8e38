"""
A process that works on one run and can be made to die at any point of it.

    driver.py start|resume STATE RUN_ID SIDE KILL_AT

`SIDE` is a file to which each step adds a line when its effect happens. The process kills itself at the `KILL_AT`-th
point it passes (0 means never): before a step, inside it after its effect, after it was recorded, and at the end.
-1 makes it print a line and wait for SIGUSR1 inside the second step.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from regoose.domain.event import Event
from regoose.domain.json import Json
from regoose.durable.engine import Engine
from regoose.durable.run import Run

STEPS = ("prepare", "search", "deliver")


class Fuse:
    """Counts the points that the process passes and kills it at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def pass_point(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def wait_for_signal() -> None:
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    await told.wait()


async def main(verb: str, state: Path, run_id: str, side: Path, kill_at: int) -> None:
    fuse = Fuse(kill_at)

    async def scripted(run: Run, _task: Json) -> Json:
        results: list[Json] = []
        for name in STEPS:

            async def effect(name: str = name) -> str:
                with side.open("a") as file:
                    file.write(f"{name}\n")
                if kill_at < 0 and name == STEPS[1]:
                    await wait_for_signal()
                fuse.pass_point()
                return f"{name} of {run.run_id}"

            results.append(await run.step(name, str, effect))
            fuse.pass_point()
        return {"steps": results, "evidence": {"verdict": "proven"}}

    def observe(event: Event) -> None:
        if event.kind == "started":
            fuse.pass_point()

    async with Engine(state, {"fix": scripted}) as engine:
        await (engine.start("fix", run_id, {"repository": "/r"}) if verb == "start" else engine.resume(run_id))
        engine.observe(run_id, observe)
        result = await engine.result(run_id)
        fuse.pass_point()
    sys.stdout.write(f"{result}\n")


def run(arguments: list[str]) -> None:
    verb, state, run_id, side, kill_at = arguments
    asyncio.run(main(verb, Path(state), run_id, Path(side), int(kill_at)))


if __name__ == "__main__":
    run(sys.argv[1:])
