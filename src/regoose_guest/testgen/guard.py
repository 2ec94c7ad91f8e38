"""What the code under test may not do while it is tried: write outside a scratch folder, connect, start, leave."""

from __future__ import annotations

import builtins
import functools
import os
import resource
import signal
import sys
from types import FrameType
from typing import Any, Callable, NoReturn, Optional, Tuple

_FORBIDDEN = frozenset(
    (
        *("os.kill", "os.killpg", "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system"),
        *("os.putenv", "os.unsetenv", "os.chdir", "os.setxattr", "pty.spawn", "subprocess.Popen"),
        *("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"),
        *("webbrowser.open", "ctypes.dlopen", "signal.pthread_kill", "urllib.Request", "smtplib.connect"),
        *("ftplib.connect", "imaplib.open", "poplib.connect", "time.sleep", "builtins.input", "code.__new__"),
    )
)
_LEAVING = ("_exit", "abort")
"""Of `os`: what ends the interpreter without an audit event."""
_OF_PATHS = frozenset(
    (
        *("os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink"),
        *("os.truncate", "os.utime", "shutil.rmtree", "shutil.move", "shutil.copyfile", "tempfile.mkstemp"),
        *("tempfile.mkdtemp", "sqlite3.connect"),
    )
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_RECURSION = 600
"""Calls deep, beyond those of the search: endless recursion is to end soon."""
_AGAIN = 0.05


class Hang(BaseException):
    """A call took too long. No Exception, so that the code under test does not catch it by accident."""


_OF_CALLS = 160 << 20
"""Bytes beyond what a process has when the module is imported."""


class Blocked(PermissionError):
    """The code under test tried what a test must not do."""


class Guard:
    """Watches this process through an audit hook while `is_armed`; `was_hit` tells that something was refused."""

    def __init__(self, scratch: str) -> None:
        self.is_armed = False
        self.was_hit = False
        self._scratch = os.path.realpath(scratch) + os.sep

    def begin(self, memory_bytes: int) -> None:
        """Limit this process for good: memory beyond what it has, recursion, input, the audit hook and the alarm."""
        for what, limit in ((resource.RLIMIT_AS, _space() + memory_bytes), (resource.RLIMIT_CORE, 0)):
            _, hard = resource.getrlimit(what)
            bound = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(what, (bound, bound))
        sys.setrecursionlimit(_RECURSION)
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - lives as long as the process
        signal.signal(signal.SIGALRM, _ring)
        sys.addaudithook(self._hear)
        for name in _LEAVING:
            setattr(os, name, self._staying(name, getattr(os, name)))
        builtins.open = self._opening(builtins.open)

    @staticmethod
    def narrow() -> None:
        """Leave calls less memory than an import may take: what makes a huge value is slow to look at, too."""
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = _space() + _OF_CALLS
        if soft == resource.RLIM_INFINITY or limit < soft:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))

    def arm(self, seconds: float) -> None:
        """Watch from here on, and raise `Hang` after so many seconds and again where it was swallowed."""
        self.was_hit = False
        self.is_armed = True
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)

    def disarm(self) -> None:
        """Watch no more."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.is_armed = False

    def _hear(self, event: str, given: Tuple[object, ...]) -> None:
        if not self.is_armed:
            return
        if event == "open":
            if _writes(given) and not self._in_scratch(given[0]):
                self._refuse(event)
        elif event in _FORBIDDEN or (event in _OF_PATHS and not self._in_scratch(given[0] if given else None)):
            self._refuse(event)

    def _staying(self, name: str, leave: Callable[..., NoReturn]) -> Callable[..., NoReturn]:
        def stay(*given: object, **named: object) -> NoReturn:
            if self.is_armed:
                self._refuse(f"os.{name}")
            leave(*given, **named)

        return stay

    def _opening(self, open_: Callable[..., Any]) -> Callable[..., Any]:
        """Take no number for a file: it would be one of this process's or the test runner's, closed soon after."""

        @functools.wraps(open_)
        def open_named(file: Any, *given: Any, **named: Any) -> Any:
            if self.is_armed and isinstance(file, int):
                self._refuse("open of a descriptor")
            return open_(file, *given, **named)

        return open_named

    def _in_scratch(self, path: object) -> bool:
        if isinstance(path, (str, bytes)):
            return os.path.abspath(os.fsdecode(path)).startswith(self._scratch)
        return False

    def _refuse(self, event: str) -> NoReturn:
        self.was_hit = True
        raise Blocked(f"{event} is refused while tests are generated")


def _space() -> int:
    """Return the bytes of address space that this process has."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _writes(given: Tuple[object, ...]) -> bool:
    mode, flags = (*given, None, None, None)[1:3]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _ring(_number: int, frame: Optional[FrameType]) -> None:
    # What hangs in C is interrupted as the next function begins: by then that may be the one that ends the watch.
    if frame is None or frame.f_code is not Guard.disarm.__code__:
        raise Hang
