"""What the hosts' sides of the engines in the guest share: the command, its options and result, its progress lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from pydantic import ValidationError

from regoose.sandbox.base import GUEST, MIB, OUT, Command, Limits
from regoose.sandbox.checked import Checked

MEMORY_PER_JOB = 512 * MIB
_GRACE_SECONDS = 30.0
"""An engine ends by itself; the sandbox cuts it only where the code under test has got hold of it."""

P = TypeVar("P")


class ProgressLines(Generic[P]):
    """Hands the progress lines of an engine on; any other line is the target's own and dropped."""

    def __init__(self, kind: type[P], observe: Callable[[P], None]) -> None:
        self._observe = observe
        self._progress = Checked(kind)

    def __call__(self, line: bytes) -> None:
        """Take one line of standard output."""
        if not line.startswith(b"{"):
            return
        try:
            value = self._progress.read(line)
        except ValidationError:
            return
        self._observe(value)


def result_path(engine: str) -> str:
    """Return where an engine writes its result, inside."""
    return f"{OUT}/{engine}-result.json"


def engine_command(
    engine: str,
    python: str,
    options: Mapping[str, object],
    seconds: float,
    env: Mapping[str, str],
    writes: Mapping[str, bytes | None] | None = None,
) -> Command:
    """
    Return the command that runs `regoose_guest.<engine>` with these options on the tree, with `writes` put there.

    `python` is the target's interpreter as the sandbox sees it, `seconds` what the engine itself keeps to.
    """
    place = f"{OUT}/{engine}-options.json"
    path = f"{GUEST}:{env['PYTHONPATH']}" if env.get("PYTHONPATH") else GUEST
    fixed = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    return Command(
        argv=(python, "-m", f"regoose_guest.{engine}", "--options", place),
        env={**env, **fixed},
        writes={**(writes or {}), place: json.dumps(options).encode()},
        reads=(result_path(engine),),
        reset=True,
        limits=Limits(seconds=seconds + _GRACE_SECONDS),
    )
