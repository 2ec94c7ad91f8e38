"""Processes of the engine: forks of this one, and fresh interpreters. Each is ended with all that it started."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
from time import monotonic, sleep
from typing import Callable, List, Sequence

_POLL = 0.01
_DEBUG = "REGOOSE_GUEST_DEBUG"
"""Variable of the environment with which processes say on standard error what ended them."""


class Child:
    """A process and whether it still runs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.is_running = True

    def poll(self) -> bool:
        """Whether it still runs."""
        if self.is_running:
            try:
                gone, _ = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                gone = self.pid
            self.is_running = not gone
        return self.is_running

    def end(self) -> None:
        """Kill it with its group."""
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.is_running:
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(self.pid, 0)
            self.is_running = False


def forked(work: Callable[[], None], errors: str) -> Child:
    """Run `work` in a fork without input and output; what it says of its end is written to the file `errors`."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid)
    leave = os._exit  # the module may not have it
    try:
        os.setpgid(0, 0)
        gc.freeze()
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1) if _DEBUG in os.environ else (0, 1, 2):
            os.dup2(nothing, standard)
        work()
    except BaseException as error:  # noqa: BLE001 - whatever the module threw must not reach the parent's code
        _write(errors, error)
    finally:
        leave(0)
    raise AssertionError


def _write(path: str, error: BaseException) -> None:
    import traceback

    with contextlib.suppress(Exception), open(path, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{error}\n")
        if _DEBUG in os.environ:
            traceback.print_exception(type(error), error, error.__traceback__)
        traceback.print_exception(type(error), error, error.__traceback__, file=file)


def fresh(arguments: Sequence[str], hash_seed: str, folder: str) -> Child:
    """Start a fresh interpreter with a hash seed, in another folder, and with another home, language and time zone."""
    environment = dict(os.environ, PYTHONHASHSEED=hash_seed, PYTHONDONTWRITEBYTECODE="1")
    if hash_seed != "1":
        environment.update(HOME=folder, USER="someone", TZ="Asia/Tokyo", COLUMNS="97", LINES="31")
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=None if _DEBUG in os.environ else subprocess.DEVNULL,
        start_new_session=True,
    )
    process.returncode = 0  # waited for here, not by subprocess
    return Child(process.pid)


def wait(children: Sequence[Child], seconds: float, beat: Callable[[], None] = lambda: None) -> None:
    """Wait until all have ended, at most so long; then end them."""
    end = monotonic() + seconds
    running: List[Child] = list(children)
    turn = 0
    while running and monotonic() < end:
        sleep(_POLL)
        turn += 1
        if turn % 50 == 0:
            beat()
        running = [one for one in running if one.poll()]
    for one in children:
        one.end()
