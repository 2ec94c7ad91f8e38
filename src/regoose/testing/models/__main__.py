"""`python -m regoose.testing.models SCRIPT`: a scripted model for programs in other processes."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from regoose.errors import RegooseError
from regoose.testing.models.scenario import read_scenario
from regoose.testing.models.server import ModelServer
from regoose.testing.models.values import compact


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return 1 where something happened that the script has no place for."""
    parser = argparse.ArgumentParser(prog="python -m regoose.testing.models", description=__doc__)
    parser.add_argument("script", type=Path, help="the scenario, as TOML or JSON")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--record", type=Path, help="where to write what was seen, as JSON, at the end")
    given = parser.parse_args(arguments)
    try:
        scenario = read_scenario(given.script)
    except RegooseError as wrong:
        sys.stderr.write(f"{wrong.message}\n{wrong.hint}\n")
        return wrong.exit_code
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server = ModelServer(scenario.script, key=scenario.key, models=scenario.models, host=given.host, port=given.port)
    with server:
        sys.stdout.write(f"{server.address}\n")
        sys.stdout.flush()
        ended.wait()
    if given.record:
        given.record.write_bytes(compact(server.state()) + b"\n")
    for problem in server.problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if server.problems else 0


if __name__ == "__main__":
    sys.exit(main())
