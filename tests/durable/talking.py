"""
A process that works on one run of a talk, as an agent leads it, and can be made to die at any point of it.

    talking.py start|resume|fork STATE RUN_ID SIDE KILL_AT [STEP]

`SIDE` is a file to which each thing that is really done adds a line. The process kills itself at the `KILL_AT`-th point
it passes (0: never): before a step, and inside it after its effect. A run that waits for an answer ends with code 3.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from regoose.domain.event import Event
from regoose.durable.engine import Engine
from regoose.durable.journal import Journal
from regoose.errors import ApprovalNeeded
from regoose.testing.runs import Talk

WAITS = 3


async def main(verb: str, state: Path, run_id: str, side: Path, kill_at: int, at: str = "1") -> None:
    left = kill_at

    def pass_point() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def effect(name: str) -> None:
        with side.open("a") as file:
            file.write(f"{name}\n")
        pass_point()

    def observe(event: Event) -> None:
        if event.kind == "started":
            pass_point()

    async with Engine(state, {"fix": Talk(effect, turns=2)}) as engine:
        if verb == "start":
            await engine.start("fix", run_id, {"repository": "/r"})
        elif verb == "resume":
            await engine.resume(run_id)
        else:
            child = f"{run_id}-child"
            await Journal(state).fork(run_id, child, int(at), {})
            await engine.resume(child)
            run_id = child
        engine.observe(run_id, observe)
        try:
            sys.stdout.write(f"{await engine.result(run_id)}\n")
        except ApprovalNeeded:
            raise SystemExit(WAITS) from None


def run(arguments: list[str]) -> None:
    verb, state, run_id, side, kill_at, *at = arguments
    asyncio.run(main(verb, Path(state), run_id, Path(side), int(kill_at), *at))
