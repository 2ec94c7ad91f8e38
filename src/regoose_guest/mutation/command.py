"""The command line of mutation analysis."""

from __future__ import annotations

import json
import os
import sys
from time import monotonic
from typing import List

import pytest

from regoose_guest.forks import debug
from regoose_guest.mutation.driver import Driver
from regoose_guest.mutation.schema import OptionsJson, ResultJson
from regoose_guest.mutation.session import Session
from regoose_guest.mutation.subject import Subject

_ARGUMENTS = (
    *("--continue-on-collection-errors", "--assert=plain", "-s", "-q", "--color=no", "-o", "faulthandler_timeout=0"),
    *("-p", "no:randomly", "-p", "no:random_order", "-p", "no:cacheprovider"),
)


def main(place: str) -> None:
    """Read options from a file, write the result to the file that they name, and end the process."""
    started = monotonic()
    with open(place, encoding="utf-8") as file:
        options: OptionsJson = json.load(file)
    os.chdir(options["root"])
    # Tests run by `python -m pytest` see the current directory first on the path; so do they here.
    sys.path[:] = [options["root"], *(one for one in sys.path if one not in {"", options["root"]})]
    sys.argv = ["pytest"]
    sys.dont_write_bytecode = True
    try:
        subject = Subject(options["root"], options["path"])
    except (OSError, SyntaxError, ValueError, LookupError, RecursionError) as problem:
        _write(options, _nothing(f"`{options['path']}` cannot be read: {problem}.", started))
        return
    result = _driven(options, subject, started, [])
    if result["note"]:  # an option of the repository's that no installed plugin knows
        result = _driven(options, subject, started, ["-o", "addopts="])
    _write(options, result)


def _driven(options: OptionsJson, subject: Subject, started: float, further: List[str]) -> ResultJson:
    session = Session(options, subject, Driver(options, subject, started))
    owner = os.getpid()
    try:
        pytest.main([*_ARGUMENTS, *further], plugins=[session])
        session.finish()
    except BaseException as error:  # noqa: BLE001 - whatever the code under test threw must not end a second parent
        debug(error)
    if os.getpid() == owner:
        return session.result or _nothing("pytest ended before it collected any test.", started)
    os._exit(0)  # a child


def _nothing(note: str, started: float) -> ResultJson:
    return {
        "mutants": [],
        "possible": 0,
        "missing": [],
        "red": [],
        "note": note,
        "seconds": monotonic() - started,
    }


def _write(options: OptionsJson, result: ResultJson) -> None:
    part = f"{options['result']}.part"
    with open(part, "w", encoding="utf-8", errors="surrogatepass") as file:
        json.dump(result, file)
    os.replace(part, options["result"])
