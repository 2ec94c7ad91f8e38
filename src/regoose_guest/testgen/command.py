"""The command line of the test generator."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from time import monotonic

from regoose_guest.testgen.schema import OptionsJson, ProgressJson


def main() -> None:
    """Read options from a file; write the result to the file that they name, and progress to standard output."""
    started = monotonic()
    way, place = sys.argv[1:3]
    sys.argv = ["pytest"]  # what a module that reads it sees under a test runner
    sys.dont_write_bytecode = True
    with open(place, encoding="utf-8") as file:
        options = json.load(file)
    sys.path[:] = [options["root"], *(one for one in sys.path if one != options["root"])]
    if way == "--observe":
        from regoose_guest.testgen.observing import observe

        observe(options)
        os._exit(0)  # what the module left running must not keep this process
    _generate(options, started)


def _generate(options: OptionsJson, started: float) -> None:
    from regoose_guest.testgen.engine import Engine

    scratch = tempfile.mkdtemp(prefix="regoose-testgen-")
    try:
        result = Engine(options, scratch, started, _say).run()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    part = f"{options['result']}.part"
    with open(part, "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump(result, file)
    os.replace(part, options["result"])


def _say(progress: ProgressJson) -> None:
    try:
        print(json.dumps(progress), flush=True)  # noqa: T201 - standard output is for the progress
    except OSError:
        return
