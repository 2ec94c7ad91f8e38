"""What a command can use up: memory, processes, disk, output, time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from regoose.sandbox.agent import AgentSandbox
from regoose.sandbox.base import MIB, Command, Limits
from regoose.sandbox.choice import ProbedBackend

Script = Callable[..., Command]
Open = Callable[..., AbstractAsyncContextManager[AgentSandbox]]

FORKS = """
    import os, time
    born = 0
    try:
        for _ in range(600):
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            born += 1
    except OSError:
        pass
    print(born)
"""
BOMB = """
    import os
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""
HOG = """
    blocks = []
    for number in range(32):
        blocks.append(b"x" * (64 << 20))
        print(number, flush=True)
"""
HOGS = """
    import os, sys, time
    for _ in range(16):
        if os.fork() == 0:
            block = b"x" * (64 << 20)
            time.sleep(3)
            os._exit(0)
    if not any([os.wait()[1] for _ in range(16)]):
        print("held 1 GiB")
    sys.exit(1)
"""
SHARED = """
    import mmap, time
    block = mmap.mmap(-1, 1 << 30)
    for at in range(0, 1 << 30, 4096):
        block[at] = 1
    time.sleep(1)
    print("held 1 GiB")
"""
FILL = """
    import os, sys
    written = 0
    error = 0
    try:
        for number in range(200):
            with open(f"{sys.argv[1]}/fill-{number}", "wb") as file:
                file.write(bytes(1 << 20))
                written += 1
    except OSError as problem:
        error = problem.errno
    print(written, error)
"""
FLOOD = """
    import sys
    sys.stdout.write("first ")
    while True:
        sys.stdout.write("x" * 65536)
"""
DAEMON = """
    import os, sys, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.closerange(0, 64)
            time.sleep(int(sys.argv[1]))
        os._exit(0)
    os.wait()
    time.sleep(float(sys.argv[2]))
"""
OTHERS = """
    import os
    print([pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, os.getpid())])
"""
NO_SPACE = 28


def on_the_host(marker: str) -> bool:
    """Whether a process with this word among its arguments runs anywhere on this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if marker.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


async def test_processes_are_limited(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(FORKS))
        assert result.signal is not None or int(result.stdout) <= 64
        assert (await sandbox.run(script(OTHERS))).stdout == b"[]\n"


async def test_six_hundred_processes_start_without_a_sandbox(bare: ProbedBackend, enter: Open, script: Script) -> None:
    limits = Limits(processes=2000)
    async with enter(bare, limits=limits) as sandbox:
        assert int((await sandbox.run(script(FORKS))).stdout) == 600


async def test_a_fork_bomb_ends_with_its_time(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        limits = Limits(seconds=1, processes=64)
        result = await sandbox.run(replace(script(BOMB), limits=limits))
        assert result.exit_code is None
        assert (await sandbox.run(script(OTHERS))).stdout == b"[]\n"


@pytest.mark.parametrize("code", [HOG, HOGS, SHARED], ids=["one process", "many processes", "shared memory"])
async def test_memory_is_limited(backend: ProbedBackend, enter: Open, script: Script, code: str) -> None:
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(code))
        assert result.exit_code != 0
        assert b"held" not in result.stdout
        assert len(result.stdout.splitlines()) <= 4
        assert (await sandbox.run(script("print('alive')"))).stdout == b"alive\n"


async def test_many_processes_over_the_limit_are_called_out_of_memory(
    backend: ProbedBackend, enter: Open, script: Script
) -> None:
    async with enter(backend) as sandbox:
        assert (await sandbox.run(script(HOGS))).out_of_memory


@pytest.mark.parametrize("directory", ["/work", "/tmp", "/dev/shm"])
async def test_disk_is_limited(backend: ProbedBackend, enter: Open, script: Script, directory: str) -> None:
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(FILL, directory))
        written, error = map(int, result.stdout.split())
        assert written <= 32
        assert error == NO_SPACE
        again = await sandbox.run(script("open('/work/file', 'w').write('x'); print('alive')", reset=True))
        assert again.stdout == b"alive\n"


async def test_two_hundred_mebibytes_are_written_without_a_sandbox(
    bare: ProbedBackend, enter: Open, script: Script
) -> None:
    async with enter(bare) as sandbox:
        assert (await sandbox.run(script(FILL, "/work"))).stdout == b"200 0\n"


async def test_one_file_is_limited_too(backend: ProbedBackend, enter: Open, script: Script) -> None:
    code = """
        import os
        try:
            with open("/work/large", "wb") as file:
                for _ in range(100):
                    file.write(bytes(1 << 20))
        except OSError:
            pass
        print(os.path.getsize("/work/large") >> 20)
    """
    async with enter(backend) as sandbox:
        assert int((await sandbox.run(script(code))).stdout) <= 32


async def test_endless_output_is_bounded(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        limits = Limits(seconds=1, output_bytes=10_000)
        result = await sandbox.run(replace(script(FLOOD), limits=limits))
    assert result.timed_out
    assert result.truncated
    assert result.stdout.startswith(b"first ")
    assert len(result.stdout) < 10_100


async def test_endless_lines_are_bounded(backend: ProbedBackend, enter: Open, script: Script) -> None:
    lengths: list[int] = []
    code = "import sys\nwhile True: sys.stdout.write('x' * 1000 + '\\n')"
    async with enter(backend) as sandbox:
        command = replace(script(code), limits=Limits(seconds=1, output_bytes=10_000))
        result = await sandbox.run(command, lambda line: lengths.append(len(line)))
    assert result.timed_out
    assert set(lengths) == {1001}


async def test_time_is_limited(backend: ProbedBackend, enter: Open, script: Script) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    async with enter(backend) as sandbox:
        result = await sandbox.run(replace(script(code), limits=Limits(seconds=0.5)))
    assert (result.timed_out, result.exit_code, result.stdout) == (True, None, b"on\n")
    assert result.seconds < 20


@pytest.mark.parametrize("pause", ["0", "30"], ids=["after the end", "after the time limit"])
async def test_daemons_end_with_their_command(backend: ProbedBackend, enter: Open, script: Script, pause: str) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    async with enter(backend) as sandbox:
        result = await sandbox.run(replace(script(DAEMON, "60", pause, marker), limits=Limits(seconds=1)))
        assert result.timed_out is (pause == "30")
        assert not on_the_host(marker)
        assert (await sandbox.run(script(OTHERS))).stdout == b"[]\n"


async def test_cpu_time_is_counted(backend: ProbedBackend, enter: Open, script: Script) -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass"
    async with enter(backend) as sandbox:
        result = await sandbox.run(script(code))
    assert 0.3 <= result.cpu_seconds < 10


async def test_a_command_may_have_tighter_limits(backend: ProbedBackend, enter: Open, script: Script) -> None:
    async with enter(backend) as sandbox:
        tight = Limits(seconds=10, memory_bytes=64 * MIB, processes=8)
        result = await sandbox.run(replace(script(FORKS), limits=tight))
        assert result.signal is not None or int(result.stdout) <= 8
        result = await sandbox.run(replace(script("x = b'x' * (128 << 20)"), limits=tight))
        assert result.exit_code != 0
        assert (await sandbox.run(script("x = b'x' * (128 << 20)"))).exit_code == 0
