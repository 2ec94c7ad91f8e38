"""A person at a real terminal is asked; their answer, and their going away, are what the run is told."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import fcntl
import sys
import termios
from regoose.cli.main import run
from regoose.domain.approval import Question
from regoose.domain.run import RunState
from regoose.testing import samples
from regoose.testing.services import FakeServices

fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches this process
services = FakeServices()
services.runs.results["r"] = samples.proven()
services.runs.states["r"] = RunState.WAITING
services.runs.questions["r"] = Question(gate="plan", text="Shall it be done?", details="1. Mend it.")
code = run(["runs", "watch", "r"], services.connect)
given = services.runs.answers.get("r")
sys.stdout.write(f"{code} {given.granted if given else None} {given.comment if given else ''}")
"""


@pytest.mark.parametrize(
    ("typed", "said"),
    [(b"y\n", "0 True "), (b"n\ntoo large\n", "0 False too large"), (b"\x03", "130 None "), (b"\x04", "130 None ")],
)
def test_what_is_typed_is_the_answer(typed: bytes, said: str) -> None:
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", SCRIPT],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    while b"Shall it be done? [y/N]" not in shown:
        shown += os.read(ours, 1000)
    for line in typed.splitlines(keepends=True):
        os.write(ours, line)
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert b"1. Mend it." in shown
    assert out.decode().endswith(said)
