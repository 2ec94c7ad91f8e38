"""
Run the target's tests with pytest and write down what happened, line by line, for the host to check.

Started as a script with one argument, the path of an options file (see `Options`), on the target's own interpreter.
The options carry the key that signs the results; the file is deleted before anything of the target is imported.

What is guarded against: printing a fake report, `os._exit` and `sys.exit`, crashes, endless tests, deleting or
rewriting the results file, replacing `json`, `open` or `os.replace`, exit handlers, `pytest.exit`, and a conftest
that turns a failed report into a passed one. What cannot be: code that looks through this process's memory, since
tests and their runner share one process. So a proof also rests on the same tests being red without the patch.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":  # the folder of this file is not a place for the target to import from
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import copy
import time
from collections.abc import Generator
from typing import Any, Optional, TypedDict

import pytest
from _pytest.reports import CollectReport  # public only since pytest 7

from regoose_guest.addopts import kept_options
from regoose_guest.arcs import make_arc_tracer, pack_arcs
from regoose_guest.failures import Described, describe
from regoose_guest.journal import Journal
from regoose_guest.order import shuffled
from regoose_guest.tracing import Tracer, Tree, make_tracer, pack
from regoose_guest.watchdog import Watchdog

VERSION = 1
"""Format of the results file."""

_FIXED_MARKS = ("order", "run", "dependency", "incremental")
"""A file whose tests carry one of these relies on their order."""


class Options(TypedDict):
    """What the host asks for."""

    key: str
    """Signs the results; hexadecimal."""
    results: str
    """Path of the results file."""
    root: str
    """The tree."""
    select: list[str]
    """Node ids, or files or classes that hold them; empty means all."""
    exclude: list[str]
    """Node ids not to run (they ended the process, or ran already)."""
    ignore: list[str]
    """Files not to collect."""
    dropped: list[str]
    """Arguments of the target's own options that pytest did not know."""
    seed: Optional[int]
    """Of the random order; None keeps the order of collection."""
    coverage: bool
    arcs: list[str]
    """Files of the tree whose arcs are recorded, and nothing else; empty: the lines of all files."""
    test_seconds: float
    """Limit of each phase of a test."""


Phase = dict[str, Any]
"""One report: `when`, `outcome`, `seconds`, `failure`, `xfail`, `xpass`, `hidden`."""


def merged(phases: list[Phase]) -> dict[str, object]:
    """
    Merge the reports of one test into its outcome.

    A failure in the call makes it failed; elsewhere, an error; a failed call outweighs a failed teardown. Otherwise
    skipped or expectedly failed where a phase was, else passed.
    """
    seconds = sum(phase["seconds"] for phase in phases)
    case: dict[str, object] = {"seconds": round(seconds, 6)}
    red = [phase for phase in phases if phase["outcome"] == "failed"]
    first = min(red, key=lambda phase: phase["when"] != "call", default=None)
    if any(phase.get("hidden") for phase in phases):
        case["hidden"] = True
    if first is not None:
        case["outcome"] = "failed" if first["when"] == "call" else "error"
        case["failure"] = {"phase": first["when"], **first["failure"]}
    elif any(phase.get("xfail") for phase in phases):
        case["outcome"] = "xfailed"
    elif any(phase["outcome"] == "skipped" for phase in phases):
        case["outcome"] = "skipped"
    else:
        case["outcome"] = "xpassed" if any(phase.get("xpass") for phase in phases) else "passed"
    return case


def is_complete(phases: list[Phase]) -> bool:
    """Whether the reports amount to a result: a teardown, and a call unless the setup says why there is none."""
    stages = {phase["when"] for phase in phases}
    return "teardown" in stages and ("call" in stages or any(phase["outcome"] != "passed" for phase in phases))


class Recorder:
    """The pytest plugin."""

    def __init__(self, options: Options, journal: Journal, tracer: Tracer | None, watchdog: Watchdog) -> None:
        self._options = options
        self._journal = journal
        self._tracer = tracer
        self._watchdog = watchdog
        self._tree = Tree(options["root"])
        self._numbers: dict[int, int] = {}
        self._current: str | None = None
        self._phases: list[Phase] = []
        self._warnings = 0
        self._imports: dict[str, dict[str, str]] = {}
        self._ranks: dict[int, int] = {}

    def close(self, exit_code: int, raised: str) -> None:
        """Write the last record and put the results file in place."""
        self._watchdog.stop()
        if self._tracer is not None:
            self._tracer.stop()
        last: dict[str, object] = {"exit": exit_code, "raised": raised, "warnings": self._warnings}
        self._journal.record("end", {**last, **self._imports})
        self._journal.finish()

    # options

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser, args: list[str]
    ) -> Generator[None, None, None]:
        """Leave out what `addopts` says and cannot hold here, before other plugins act on it."""
        known: Any = early_config.known_args_namespace
        args[:] = kept_options(args, selecting=bool(self._options["select"]), dropped=self._options["dropped"])
        again: Any = parser.parse_known_args(args, namespace=copy.copy(early_config.option))
        again.confcutdir = known.confcutdir
        early_config.known_args_namespace = again
        yield

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Name the files that hold the chosen tests, without the length limit of a command line."""
        option: Any = config.option
        root = str(config.rootpath)
        ignored = [os.path.join(root, path) for path in self._options["ignore"]]
        option.ignore = [*(option.ignore or []), *ignored]
        chosen = dict.fromkeys(name.partition("::")[0] for name in self._options["select"])
        if chosen:
            paths = [os.path.join(root, name) for name in chosen]
            config.args[:] = [path for path in paths if os.path.exists(path)] or [os.devnull]
        if ignored:  # pytest collects what is named as an argument even where it is to be ignored
            config.args[:] = [path for path in config.args if os.path.abspath(path) not in ignored] or [os.devnull]

    # collection

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self, collector: pytest.Collector) -> None:
        """Say which file is imported next, so that a crash has a name."""
        if isinstance(collector, (pytest.Module, pytest.Package)):
            self._journal.record("collecting", {"path": collector.nodeid})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """Write down what could not be collected."""
        outcome = yield
        if outcome.excinfo is not None:  # sys.exit or pytest.exit in one file does not stop the others
            described = describe(outcome.excinfo[1], self._tree)
            text = f"{described['exception']}: {described['message']}"
            outcome.force_result(CollectReport(collector.nodeid, "failed", text, []))
            self._journal.record("broken", {"id": collector.nodeid, **described})
            return
        report: CollectReport = outcome.get_result()
        call: pytest.CallInfo[object] | None = getattr(report, "call", None)
        if report.failed:
            error = _root_cause(call.excinfo.value) if call is not None and call.excinfo is not None else None
            described = describe(error, self._tree) if error is not None else _plain(report)
            self._journal.record("broken", {"id": collector.nodeid, **described})

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Choose, then shuffle; plugins that must order or drop tests do so afterwards."""
        select, exclude = self._options["select"], frozenset(self._options["exclude"])
        if select or exclude:
            wanted = frozenset(select)
            items[:] = [
                item
                for item in items
                if item.nodeid not in exclude and (not wanted or not wanted.isdisjoint(_names(item.nodeid)))
            ]
        seed = self._options["seed"]
        if seed is not None:
            paths = [_groups(item) for item in items]
            fixed = frozenset(
                "/".join(path[: item.nodeid.partition("::")[0].count("/") + 1])
                for path, item in zip(paths, items)
                if any(mark.name in _FIXED_MARKS for mark in item.iter_markers())
            )
            self._ranks = {id(item): number for number, item in enumerate(items)}
            items[:] = [items[number] for number in shuffled(paths, seed, fixed)]
        yield

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Write down what will run. Equal ids are told apart by a number."""
        seen: dict[str, int] = {}
        ids: list[str] = []
        for number, item in enumerate(session.items):
            count = seen[item.nodeid] = seen.get(item.nodeid, 0) + 1
            ids.append(item.nodeid if count == 1 else f"{item.nodeid} #{count}")
            self._numbers[id(item)] = number
        self._imports = self._taken()
        ranks = [self._ranks.get(id(item), len(ids)) for item in session.items] if self._ranks else []
        self._journal.record("collected", {"ids": ids, "ranks": ranks})

    def _taken(self) -> dict[str, dict[str, str]]:
        """Return what ran since the last call, packed, where it is recorded."""
        if self._tracer is None:
            return {}
        packed = {"arcs": pack_arcs(self._tracer.take_arcs()), "lines": pack(self._tracer.take())}
        return {kind: files for kind, files in packed.items() if files}

    # one test

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Say which test runs, let it run, say how it ended."""
        number = self._numbers.get(id(item), -1)
        self._current, self._phases = item.nodeid, []
        self._journal.record("start", {"i": number})
        self._taken()
        outcome = yield
        self._watchdog.rest()
        self._journal.end_fork()
        taken = self._taken()
        if outcome.excinfo is None and is_complete(self._phases):
            self._journal.record("case", {"i": number, **merged(self._phases), **taken})
        self._current = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, None, None]:
        """Limit the time of the setup."""
        yield from self._watchdog.limited()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Limit the time of the call."""
        yield from self._watchdog.limited()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """Limit the time of the teardown."""
        yield from self._watchdog.limited()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
        """Attach what the exception itself says; a report that hides it is marked."""
        outcome = yield
        report: Any = outcome.get_result()
        facts: Phase = {}
        error = call.excinfo.value if call.excinfo is not None else None
        if error is not None and (report.failed or _is_failure(error, item)):
            facts = {"failure": describe(error, self._tree)}
        elif report.failed:
            facts = {"failure": _plain(report)}
        report.regoose = facts

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each report of the running test, those of subtests included."""
        if report.nodeid != self._current:
            self._journal.record("stray", {"id": report.nodeid})
            return
        if str(report.outcome) == "rerun":
            self._phases = []
            return
        facts: Phase = getattr(report, "regoose", {})
        expected = hasattr(report, "wasxfail")
        failed = report.failed or "failure" in facts
        self._phases.append(
            {
                "when": report.when or "call",
                "outcome": "failed" if failed else report.outcome,
                "seconds": report.duration,
                "failure": facts.get("failure") or (_plain(report) if failed else None),
                "xfail": expected and report.skipped,
                "xpass": expected and report.passed,
                "hidden": failed and not report.failed,
            }
        )

    def pytest_warning_recorded(self) -> None:
        """Count warnings."""
        self._warnings += 1


def _is_failure(error: BaseException, item: pytest.Item) -> bool:
    """Whether the exception is one that makes a test fail, however it is reported."""
    if isinstance(error, (pytest.skip.Exception, pytest.xfail.Exception)):
        return False
    if any(kind.__name__ == "SkipTest" for kind in type(error).__mro__):
        return False
    return next(item.iter_markers("xfail"), None) is None


def _names(nodeid: str) -> list[str]:
    """Return everything by which a test can be named: its id, its id without parameters, its class, its file."""
    parts = nodeid.split("::")
    names = ["::".join(parts[: count + 1]) for count in range(len(parts))]
    return [*names, nodeid.partition("[")[0]]


def _groups(item: pytest.Item) -> list[str]:
    """Return the groups of a test, outermost first: directories, file, classes."""
    path, _, _ = item.nodeid.partition("::")
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return [*path.split("/"), *classes]


def _root_cause(error: BaseException) -> BaseException:
    """Return what made a file fail to import: pytest wraps it once or twice."""
    excinfo: Any = getattr(error, "excinfo", None)
    inner: object = getattr(error, "cause", None) or error.__cause__
    if inner is None and isinstance(excinfo, tuple):
        inner = vars(error)["excinfo"][1]
    is_wrapper = type(error).__module__.startswith("_pytest.")
    return inner if is_wrapper and isinstance(inner, BaseException) else error


def _plain(report: Any) -> Described:
    """Describe a failed report that carries no exception, e.g. a strict xfail that passed."""
    text = str(report.longrepr)
    strict = text.startswith("[XPASS(strict)]")
    return {
        "exception": "XPASS(strict)" if strict else "",
        "message": text[:2000],
        "path": "",
        "line": 0,
        "is_import": False,
    }


def _read_options(path: str) -> Options:
    import json

    with open(path, encoding="utf-8") as file:
        options: Options = json.load(file)
    os.unlink(path)
    return options


def _tracer(options: Options) -> Tracer | None:
    if not options["coverage"]:
        return None
    root = options["root"]
    return make_arc_tracer(root, options["arcs"]) if options["arcs"] else make_tracer(root)


def main(path: str) -> None:
    """Run, write the results, and end the process at once: exit handlers of the target get no say."""
    options = _read_options(path)
    key = bytes.fromhex(options["key"])
    options["key"] = ""
    journal = Journal(options["results"], key)
    leave, root = os._exit, options["root"]
    sys.path[0] = root
    started: dict[str, object] = {"version": VERSION, "pytest": pytest.__version__}
    journal.record("begin", {**started, "python": sys.version.partition(" ")[0], "time": time.time()})
    tracer = _tracer(options)
    recorder = Recorder(options, journal, tracer, Watchdog(options["test_seconds"]))
    arguments = ["--continue-on-collection-errors", "-p", "no:randomly", "-p", "no:random_order"]
    arguments += ["-o", f"cache_dir={os.path.dirname(options['results'])}/cache", "-o", "faulthandler_timeout=0"]
    arguments += ["--color=no", "--tb=short", "-q"]
    sys.argv = ["pytest", *arguments]
    if tracer is not None:
        tracer.start()
    raised = ""
    code = 1
    try:
        code = int(pytest.main(arguments, plugins=[recorder]))
    except BaseException as error:  # noqa: BLE001 - a SystemExit of the target must not end us unrecorded
        raised = f"{type(error).__name__}: {error}"
    recorder.close(code, raised)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # the target closed or replaced them
        leave(code)
    leave(code)


if __name__ == "__main__":
    main(sys.argv[1])
