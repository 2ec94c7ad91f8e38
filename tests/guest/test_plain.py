"""Which tests mutation analysis calls without pytest's protocol, and that they end as they would with it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

WriteTree = Callable[[dict[str, str]], Path]

PLAIN = """\
import logging, os, unittest, warnings
import pytest

def test_passes(): pass
def test_fails(): assert not 1
def test_skips(): pytest.skip("not here")
def test_expects_to_fail(): pytest.xfail("known")
def test_exits(): raise SystemExit(0)
def test_logs(): logging.getLogger("x").warning("%d", "no number")
def test_is_told_its_name(): assert os.environ["PYTEST_CURRENT_TEST"] == "test_plain.py::test_is_told_its_name (call)"
def test_warns(): warnings.warn("careful")
@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 2)], ids=["same", "other"])
def test_direct(one, other): assert one == other
class TestPlain:
    def test_method(self): assert isinstance(self, TestPlain)
"""
OTHERS = """\
import unittest
import pytest

def setup_function(function): function.ready = True
def test_set_up(): assert test_set_up.ready
"""
MORE = """\
import unittest
import pytest

@pytest.fixture
def three(): return 3
@pytest.fixture
def twice(request): return request.param * 2
def test_fixture(three): assert three == 3
def test_own_fixture(tmp_path): assert tmp_path.exists()
@pytest.mark.parametrize("three", [4])
def test_overridden(three): assert three == 4
@pytest.mark.parametrize("twice", [2], indirect=True)
def test_indirect(twice): assert twice == 4
@pytest.mark.skip
def test_skipped(): raise AssertionError
@pytest.mark.skipif("1 < 2", reason="so it is")
def test_skipped_if(): raise AssertionError
@pytest.mark.xfail
def test_expected(): raise AssertionError
@pytest.mark.usefixtures("three")
def test_uses(): pass
class TestSetUp:
    def setup_method(self): self.ready = True
    def test_ready(self): assert self.ready
class TestFixture:
    @pytest.fixture(autouse=True)
    def ready(self): self.ready = True
    def test_ready(self): assert self.ready
class TestCase(unittest.TestCase):
    def test_fails(self): self.assertEqual(1, 2)
async def test_awaits(): pass
"""
DRIVER = """\
import json, sys
import pytest
from regoose_guest.items import ItemRunner
from regoose_guest.mutation.plain import is_pytest_alone, plain_call

class Plugin:
    def pytest_runtestloop(self, session):
        runner, found = ItemRunner(session.items), {}
        is_alone = is_pytest_alone(session.config)
        for number, item in enumerate(session.items):
            call = plain_call(item, is_alone=is_alone)
            found[item.nodeid] = [runner.run(number, 5.0).outcome, call and call.run(5.0).outcome]
        print("found", json.dumps(found))
        return True

pytest.main(["-s", "-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[Plugin()])
"""


def outcomes(folder: Path, *options: str) -> dict[str, list[str | None]]:
    """Return for each test how it ends by the protocol, and how as a plain call; None where it is none."""
    command = [sys.executable, "-c", DRIVER, *options]
    bare = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # plugins that are installed here have a say
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, timeout=60, check=False)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("found ")]
    found: dict[str, list[str | None]] = json.loads(line.removeprefix("found "))
    return found


def test_a_plain_call_ends_as_the_test_does(write_tree: WriteTree) -> None:
    found = outcomes(write_tree({"test_plain.py": PLAIN}))
    assert len(found) == 11
    assert {name: plain for name, (_, plain) in found.items()} == {name: slow for name, (slow, _) in found.items()}
    assert {plain for _, plain in found.values()} == {"passed", "failed", "skipped"}


def test_what_asks_for_more_is_left_to_the_protocol(write_tree: WriteTree) -> None:
    found = outcomes(write_tree({"test_others.py": OTHERS, "test_more.py": MORE}))
    assert len(found) == 13
    assert {name for name, (_, plain) in found.items() if plain is not None} == {"test_more.py::test_overridden[4]"}


def test_plugins_and_settings_that_have_a_say(write_tree: WriteTree) -> None:
    test = {"test_m.py": "def test_m(): pass\n"}
    (found,) = outcomes(write_tree(test), "-W", "error").values()
    assert found == ["passed", None]
    (found,) = outcomes(write_tree({"pytest.ini": "[pytest]\nlog_level = INFO\n"})).values()
    assert found == ["passed", None]
    (found,) = outcomes(write_tree({"conftest.py": "def pytest_runtest_setup(item): raise ValueError\n"})).values()
    assert found == ["failed", None]
