"""The fixture, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
from urllib.request import Request, urlopen

from regoose.testing.models import say

BODY = b'{"messages": [{"role": "user", "content": "hi"}]}'


def ask(server):
    return urlopen(Request(server.url("openai") + "/chat/completions", BODY), timeout=20).read()


def test_scripted(model_server):
    first, second = model_server([say("one")]), model_server([say("two")])
    assert b"one" in ask(first)
    assert b"two" in ask(second)


def test_unscripted(model_server):
    server = model_server([])
    try:
        ask(server)
    except OSError:
        pass
"""


def test_a_test_fails_with_the_problems_of_its_servers(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    plugins = ["-p", "regoose.testing.models.pytest_plugin", "-p", "no:cacheprovider"]
    argv = [sys.executable, "-m", "pytest", *plugins, "-q"]
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=100)
    assert "2 passed, 1 error" in done.stdout
    assert "has no turn in the script" in done.stdout
