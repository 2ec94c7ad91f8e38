"""
Processes that begin at once: they are forked from one that has imported everything.

    forks.py DRIVER SOCKET

`DRIVER` is a file with a function `run(arguments)`. A connection orders one process by a line of JSON, its arguments,
and gets how it ended: its exit code, or minus the signal, its standard output and its standard error. All ends with
standard input.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, NoReturn

Run = Callable[[list[str]], None]
Ended = tuple[int, str, str]
"""Exit code or minus the signal, standard output, standard error."""


@contextlib.contextmanager
def forking(driver: Path, **environment: str) -> Generator[Callable[..., Ended]]:
    """Give a function that runs a driver on its arguments in a process of its own; it may be called from threads."""
    env = {**os.environ, **environment}
    with tempfile.TemporaryDirectory(prefix="forks-") as place:
        address = f"{place}/socket"

        def run(*arguments: object) -> Ended:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(address)
                connection.sendall(json.dumps([str(argument) for argument in arguments]).encode() + b"\n")
                with connection.makefile("rb") as answer:
                    code, out, err = json.load(answer)
                    return code, out, err

        with Popen([sys.executable, __file__, driver, address], env=env, stdin=PIPE, stdout=PIPE) as server:
            assert server.stdout
            server.stdout.readline()
            yield run


def _serve(run: Run, address: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as selector:
        server.bind(address)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        selector.register(server, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while all(key.fileobj is server for key, _ in selector.select()):
            connection, _ = server.accept()
            with connection:
                if os.fork() == 0:
                    _answer(connection, run)
                    os._exit(0)


def _answer(connection: socket.socket, run: Run) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with connection.makefile("rw") as talk, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        arguments = json.loads(talk.readline())
        process = os.fork()
        if process == 0:
            _become(run, arguments, out, err)
        _, status = os.waitpid(process, 0)
        said: list[str] = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
        json.dump([os.waitstatus_to_exitcode(status), *said], talk)


def _become(run: Run, arguments: list[str], out: IO[bytes], err: IO[bytes]) -> NoReturn:
    code = 1
    try:
        with Path(os.devnull).open() as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        run(arguments)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - nothing of the child may go on as the parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _driver = Path(sys.argv[1])
    sys.path.insert(0, str(_driver.parent))
    _serve(importlib.import_module(_driver.stem).run, sys.argv[2])
