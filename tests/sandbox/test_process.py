from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from regoose.errors import MissingTool
from regoose.sandbox.process import HostCommand, User, run_process

SLEEPER = "import os,sys,time; sys.stdout.write(str(os.getpid())); sys.stdout.flush(); time.sleep(600)"


def python(code: str, **options: object) -> HostCommand:
    return HostCommand(argv=(sys.executable, "-I", "-c", code), **options)  # pyright: ignore[reportArgumentType]


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while Path(f"/proc/{pid}/status").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            await asyncio.sleep(0.01)


async def test_gives_input_output_and_exit_code() -> None:
    code = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('no'); sys.exit(7)"
    done = await run_process(python(code, stdin=b"abc"))
    assert (done.exit_code, done.stdout, done.stderr, done.timed_out, done.truncated) == (
        7,
        b"ABC",
        b"no",
        False,
        False,
    )


async def test_passes_nothing_of_the_callers_environment() -> None:
    done = await run_process(python("import os; print(sorted(os.environ))", env={"ONLY": "1", "LC_ALL": "C"}))
    assert done.stdout.decode().strip() == "['LC_ALL', 'ONLY']"


async def test_time_limit_kills_grandchildren() -> None:
    code = f"import subprocess,sys; subprocess.Popen([sys.executable,'-c',{SLEEPER!r}]).wait()"
    done = await run_process(python(code, seconds=2))
    assert done.timed_out
    assert done.exit_code == -9
    await until_gone(int(done.stdout))


async def test_grandchildren_do_not_outlive_the_process() -> None:
    code = f"import subprocess,sys; p=subprocess.Popen([sys.executable,'-c',{SLEEPER!r}],stdout=-3); print(p.pid)"
    done = await run_process(python(code))
    assert not done.timed_out
    await until_gone(int(done.stdout))


async def test_cancelling_kills_the_process() -> None:
    seen: list[bytes] = []
    task = asyncio.create_task(run_process(python(SLEEPER), sink=seen.append))
    async with asyncio.timeout(30):
        while not seen:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_gone(int(b"".join(seen)))


async def test_output_is_bounded() -> None:
    done = await run_process(python("print('x' * 5_000_000)", output_bytes=1000))
    assert done.stdout == b"x" * 1000
    assert done.truncated


async def test_what_the_sink_raises_ends_the_process() -> None:
    def refuse(chunk: bytes) -> None:
        raise ValueError(chunk)

    with pytest.raises(ValueError, match="1"):
        await run_process(python("print(1, flush=True); import time; time.sleep(600)"), sink=refuse)


async def test_a_missing_program_is_named() -> None:
    with pytest.raises(MissingTool, match="no-such-program"):
        await run_process(HostCommand(argv=("no-such-program",)))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_runs_as_another_user_without_the_callers_groups() -> None:
    done = await run_process(HostCommand(argv=("/usr/bin/env", "id"), user=User(12345, 12345)))
    assert b"uid=12345 gid=12345" in done.stdout
    assert b"groups=12345\n" in done.stdout


async def test_nothing_is_left_of_a_start_that_was_cancelled(tmp_path: Path) -> None:
    """Whenever the cancellation comes: while the process is being made, while it forks, or later."""
    script = f"sleep 611 & echo $! >> {tmp_path / 'children'}; wait"
    for step in range(12):
        starting = asyncio.ensure_future(
            run_process(HostCommand(argv=("sh", "-c", script), env={"PATH": "/bin:/usr/bin"}))
        )
        await asyncio.sleep(step / 1000)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    children = (tmp_path / "children").read_text().split() if (tmp_path / "children").exists() else []
    for child in children:
        await until_gone(int(child))
