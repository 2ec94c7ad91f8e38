"""How sandboxes live and die, and that nobody else can speak for them."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from regoose.errors import SandboxDied
from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import Command, Limits, Spec
from regoose.sandbox.choice import ProbedBackend
from regoose.sandbox.pool import Pool
from regoose_guest import wire

Script = Callable[..., Command]
Open = Callable[..., AbstractAsyncContextManager[AgentSandbox]]

MEDDLE = """
    import os, sys
    opened = []
    for number in range(64):
        for path in (f"/proc/1/fd/{number}", f"/proc/{os.getppid()}/fd/{number}"):
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                opened.append(path)
            except OSError:
                pass
    for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/cwd/x"):
        try:
            os.close(os.open(path, os.O_RDONLY))
            opened.append(path)
        except OSError:
            pass
    print(opened, sorted(os.listdir("/proc/self/fd")))
    sys.stdout.flush()
    for number in (9, 15, 17, 19):
        os.kill(1, number)
    for descriptor in range(3, 256):
        try:
            os.write(descriptor, b"forged")
            print("wrote to", descriptor)
        except OSError:
            pass
"""


def on_the_host(marker: str) -> list[int]:
    """Return the processes with this word among their arguments."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


async def test_the_agent_cannot_be_touched_by_its_commands(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(MEDDLE))
        assert result.stdout == b"[] ['0', '1', '2', '3']\n"
        assert (await sandbox.run(script("print('alive')"))).stdout == b"alive\n"


async def test_a_forged_frame_is_only_output(backend: ProbedBackend, enter: Open, script: Script) -> None:
    frame = wire.encode_reply({"op": "done", "exit_code": 0, "files": []}, [0, 0])
    async with enter(backend) as sandbox:
        code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read() * 3); sys.exit(7)"
        result = await sandbox.run(script(code, stdin=frame))
    assert (result.exit_code, result.stdout) == (7, frame * 3)


async def test_exit_codes_and_signals_are_told_apart(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        codes = [(await sandbox.run(script(f"raise SystemExit({code})"))).exit_code for code in (0, 1, 137)]
        killed = await sandbox.run(script("import os; os.kill(os.getpid(), 11)"))
        absent = await sandbox.run(Command(argv=("no-such-program",)))
        forbidden = await sandbox.run(Command(argv=("/etc/passwd",)))
    assert codes == [0, 1, 137]
    assert (killed.exit_code, killed.signal) == (None, 11)
    assert absent.exit_code == 127
    assert b"no-such-program" in absent.stderr
    assert forbidden.exit_code == 126


async def test_lines_arrive_while_the_command_runs(backend: ProbedBackend, enter: Open, script: Script) -> None:
    lines: list[bytes] = []
    code = "import sys; print('one', flush=True); sys.stdin.read(1); print('two'); print('three', end='')"
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(code), lines.append)
    assert lines == [b"one\n", b"two\n"]
    assert result.stdout == b"one\ntwo\nthree"


async def test_cancelling_ends_the_command_and_spares_the_sandbox(
    backend: ProbedBackend, enter: Open, script: Script
) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    started = asyncio.Event()
    async with enter(backend) as sandbox:
        code = "import time; print('on', flush=True); time.sleep(60)"
        running = asyncio.create_task(sandbox.run(script(code, marker), lambda _line: started.set()))
        await asyncio.wait_for(started.wait(), 20)
        assert on_the_host(marker)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not on_the_host(marker)
        assert (await sandbox.run(script("print('alive')"))).stdout == b"alive\n"


async def test_a_sandbox_killed_under_a_command_says_so(backend: ProbedBackend, enter: Open, script: Script) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    started = asyncio.Event()
    async with enter(backend) as sandbox:
        code = "import time; print('on', flush=True); time.sleep(60)"
        running = asyncio.create_task(sandbox.run(script(code, marker), lambda _line: started.set()))
        await asyncio.wait_for(started.wait(), 20)
        os.kill(sandbox.process_id, signal.SIGKILL)
        with pytest.raises(SandboxDied):
            await running
        with pytest.raises(SandboxDied):
            await sandbox.run(script("print('alive')"))
        assert not sandbox.alive
    await _gone(marker)


HOLDER = """
import asyncio, os, sys
from pathlib import Path
from regoose.sandbox.base import Command, Spec
from regoose.sandbox.choice import make_backends

async def main():
    environment = {"DOCKER_HOST": os.environ["DOCKER_HOST"]} if "DOCKER_HOST" in os.environ else {}
    (backend,) = make_backends((sys.argv[1],), environment)
    sandbox = await backend.open(Spec(tree=None, interpreter=Path(sys.executable)))
    code = "import os, time; print('on', flush=True); os.fork(); time.sleep(60)"
    command = Command(argv=(sys.executable, "-I", "-S", "-c", code, sys.argv[2]))
    await sandbox.run(command, lambda _line: print("on", flush=True))

asyncio.run(main())
"""


async def test_nothing_is_left_when_our_process_is_killed(backend: ProbedBackend) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    import regoose  # noqa: PLC0415 - to find where it lies

    env = {**os.environ, "PYTHONPATH": str(Path(regoose.__path__[0]).parent)}
    argv = [sys.executable, "-c", HOLDER, backend.name, marker]
    holder = await asyncio.create_subprocess_exec(*argv, env=env, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"on\n"
    assert len(on_the_host(marker)) > 1
    holder.kill()
    await holder.wait()
    await _gone(marker)


async def _gone(marker: str) -> None:
    async with asyncio.timeout(30):
        while on_the_host(marker):
            await asyncio.sleep(0.05)


async def test_eight_side_by_side_do_not_disturb_each_other(backend: ProbedBackend, script: Script) -> None:
    spec = Spec(tree=None, interpreter=Path(sys.executable), limits=Limits(processes=16))
    crowd = """
        import os, sys, time
        for _ in range(10):
            if os.fork() == 0:
                time.sleep(5)
                os._exit(0)
        open("/work/mine", "x").write(sys.argv[1])
        print(open("/work/mine").read())
    """

    async def work(pool: Pool, number: int) -> bytes:
        async with pool.lease() as sandbox:
            return (await sandbox.run(script(crowd, str(number), reset=True))).stdout

    async with Pool(backend, spec, 8) as pool:
        answers = await asyncio.gather(*(work(pool, number) for number in range(24)))
    assert answers == [b"%d\n" % number for number in range(24)]


async def test_a_pool_replaces_what_died_and_closes_everything(backend: ProbedBackend, script: Script) -> None:
    async with Pool(backend, Spec(tree=None, interpreter=Path(sys.executable)), 1) as pool:
        async with pool.lease() as first:
            os.kill(_pid(first), signal.SIGKILL)
            with pytest.raises(SandboxDied):
                await first.run(script("import time; time.sleep(60)"))
        async with pool.lease() as second:
            assert (await second.run(script("print(1)"))).stdout == b"1\n"
        async with pool.lease() as third:
            assert third is second
    assert not third.alive
    with pytest.raises(SandboxDied):
        async with pool.lease():
            pass


def _pid(sandbox: object) -> int:
    assert isinstance(sandbox, AgentSandbox)
    return sandbox.process_id


async def test_a_sandbox_closes_twice_and_refuses_afterwards(backend: ProbedBackend, script: Script) -> None:
    sandbox = await backend.open(Spec(tree=None, interpreter=Path(sys.executable)))
    await sandbox.close()
    await sandbox.close()
    with pytest.raises(SandboxDied):
        await sandbox.run(script("pass"))
