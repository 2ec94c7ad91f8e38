"""Call a test function as it is, where nothing of pytest's protocol would make a difference: many times faster."""

from __future__ import annotations

import inspect
import logging
import os
from time import process_time
from typing import Any, Dict, Mapping, NamedTuple, Optional

import pytest

from regoose_guest.items import Ran, arm, disarm, outcome_of

_HOOKS = ("pytest_runtest_setup", "pytest_runtest_call", "pytest_runtest_teardown", "pytest_pyfunc_call")
_HARMLESS_PLUGINS = frozenset(
    ("_pytest", "_hypothesis_pytestplugin", "anyio", "pytest_asyncio", "pytest_cov", "pytest_timeout")
)
"""Packages whose hooks leave alone a function that is not theirs: no coroutine, no mark, no `@given`."""
_HARMLESS_MARKS = frozenset(("parametrize",))
_MEANINGFUL = ("is_hypothesis_test", "setup", "teardown")
"""Attributes of functions that plugins go by; the last two are those of nose, which pytest 7 still knows."""
_LOGGING = ("log_level", "log_cli_level", "log_file_level", "logger_disable")
_DIRECT = "get_direct_param_fixture_func"


class PlainCall(NamedTuple):
    """A test that comes to a call of its function."""

    name: str
    """Node id."""
    function: Any
    values: Mapping[str, object]

    def run(self, cpu: float) -> Ran:
        """Run it with a limit on CPU time."""
        error: Optional[BaseException] = None
        root, handler = logging.getLogger(), _Strict(0)
        started = process_time()
        try:
            os.environ["PYTEST_CURRENT_TEST"] = f"{self.name} (call)"
            root.addHandler(handler)
            arm(cpu, cpu * 4 + 2)
            self.function(**self.values)
        except BaseException as raised:  # noqa: BLE001 - whatever a test raises is its outcome
            error = raised
        finally:
            disarm()
            root.removeHandler(handler)
        return Ran(outcome_of(error), process_time() - started, error)


class _Strict(logging.Handler):
    """Like pytest's own handler: a message that does not fit its arguments is an error of the test."""

    def emit(self, record: logging.LogRecord) -> None:
        self.format(record)


def plain_call(item: pytest.Item, *, is_alone: bool) -> Optional[PlainCall]:
    """
    Return what running a test comes to: its function and its parameters. None where there is more to it.

    So it is for fixtures, `setup_…` functions, marks beside `parametrize`, and coroutines. `is_alone`: nothing but
    pytest itself has a say in how tests run; see `is_pytest_alone`.
    """
    if not is_alone or type(item) is not pytest.Function:
        return None
    function: Any = item.obj
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return None
    if any(hasattr(function, name) for name in _MEANINGFUL):
        return None
    if any(mark.name not in _HARMLESS_MARKS for mark in item.iter_markers()):
        return None
    values = _values(item)
    return None if values is None else PlainCall(item.nodeid, function, values)


def _values(item: Any) -> Optional[Dict[str, object]]:
    """Return the arguments, where all that the test asks for are parameters given to it directly."""
    information = getattr(item, "_fixtureinfo", None)
    if information is None:
        return None
    callspec = getattr(item, "callspec", None)
    given: Dict[str, object] = dict(getattr(callspec, "funcargs", {}))  # before pytest 8
    for name, value in getattr(callspec, "params", {}).items():
        definitions = information.name2fixturedefs.get(name)
        if definitions and is_direct(definitions[-1]):
            given[name] = value
    if any(name not in given for name in information.names_closure):
        return None
    return {name: given[name] for name in information.argnames}


def is_direct(definition: Any) -> bool:
    """Whether a fixture is but the way in which pytest 8 hands on a parameter."""
    return getattr(definition.func, "__name__", "") == _DIRECT


def is_pytest_alone(config: pytest.Config) -> bool:
    """Whether no plugin, conftest or setting makes more of a test than the call of its function."""
    if config.getini("filterwarnings") or getattr(config.known_args_namespace, "pythonwarnings", None):
        return False
    if not config.pluginmanager.has_plugin("logging-plugin") or any(_is_set(config, name) for name in _LOGGING):
        return False
    for name in _HOOKS:
        hook: Any = getattr(config.hook, name)
        for implementation in hook.get_hookimpls():
            module: str = getattr(implementation.function, "__module__", "")
            if module.partition(".")[0] not in _HARMLESS_PLUGINS:
                return False
    return True


def _is_set(config: pytest.Config, name: str) -> bool:
    if config.getoption(name, None):
        return True
    try:
        return bool(config.getini(name))
    except (KeyError, ValueError):  # an option that this pytest does not have, or not in its file
        return False
