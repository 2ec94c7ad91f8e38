"""The pytest session that mutation analysis lives in: it forks before conftests load, and again after collection."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Generator
from time import monotonic, process_time
from typing import Any, FrozenSet, List, Optional

import pytest

from regoose_guest.addopts import kept_options
from regoose_guest.forks import Child, Outlet, fork
from regoose_guest.items import HUNG, arm, disarm
from regoose_guest.mutation.driver import Driver
from regoose_guest.mutation.imports import Imports
from regoose_guest.mutation.live import Live, NotLive, import_as, is_imported
from regoose_guest.mutation.roles import Asked, Become, Collector, Importer, Role, answer, requests_of
from regoose_guest.mutation.schema import CollectedJson, OptionsJson, ResultJson
from regoose_guest.mutation.subject import Subject
from regoose_guest.mutation.trial import Bench
from regoose_guest.tracing import Tracer, make_tracer


class Session:
    """
    The plugin.

    The driving process goes no further than to where the collection begins, and forks there; where conftests import
    the module under analysis, it stops before them already. Its collector goes on in parallel.
    """

    def __init__(self, options: OptionsJson, subject: Subject, driver: Driver) -> None:
        self._options = options
        self._subject = subject
        self._driver = driver
        self._ids = [test["id"] for test in options["tests"]]
        self._imports = Imports(options["root"])
        self._before = list(sys.modules)
        self._broken: List[str] = []
        self._tracer: Optional[Tracer] = None
        self._has_begun = False
        self._wall_end = 0.0
        self.role: Optional[Role] = None
        self.result: Optional[ResultJson] = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser, args: List[str]
    ) -> Generator[None, None, None]:
        """Leave out of `addopts` what cannot hold here; then fork the collector."""
        known: Any = early_config.known_args_namespace
        args[:] = kept_options(args, selecting=True)
        again: Any = parser.parse_known_args(args, namespace=copy.copy(early_config.option))
        again.confcutdir = known.confcutdir
        early_config.known_args_namespace = again
        try:
            is_clean = self._driver.begin()
        except Become as become:
            self._become(become.role)
        else:
            if not is_clean:
                self._drive()
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, None, None]:
        """Drive; or say what the conftests did, and collect."""
        if self.role is None:
            self._drive()
        elif isinstance(self.role, Collector):
            self.role.outlet.send("ready", not is_imported(self._subject.real))
        wanted = self.role.asked.order if isinstance(self.role, Importer) else range(len(self._ids))
        files = dict.fromkeys(self._ids[number].partition("::")[0] for number in wanted)
        paths = [os.path.join(self._options["root"], name) for name in files]
        session.config.args[:] = [path for path in paths if os.path.exists(path)] or [os.devnull]
        yield

    def _drive(self) -> None:
        """Return in forked children only."""
        try:
            self.result = self._driver.run()
        except Become as become:
            self._become(become.role)
        else:
            raise pytest.exit.Exception("mutants tried")

    def _become(self, role: Role) -> None:
        self.role = role
        if isinstance(role, Importer):
            self._wall_end = monotonic() + 4 * role.limit + 2
            arm(role.limit, self._wall_end - monotonic())
            if is_imported(self._subject.real):
                self._imports.forget()
            import_as(role.codes.get)
        else:
            self._tracer = make_tracer(self._options["root"])
            self._tracer.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected."""
        if report.failed:
            self._broken.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do what this process is for."""
        self._has_begun = True
        bench = Bench(self._ids, session.items, self._broken)
        if isinstance(self.role, Importer):
            self._try_on(bench, self.role)
        elif isinstance(self.role, Collector):
            self._serve(bench, self.role)
        return True

    def finish(self) -> None:
        """Say, where pytest gave up before the tests, that nothing works."""
        if not self._has_begun and isinstance(self.role, Importer):
            self._try_on(Bench(self._ids, [], [""]), self.role)

    def _try_on(self, bench: Bench, role: Importer) -> None:
        """Run the tests, unless the time ended the import: pytest takes that for an error, or ends of it."""
        disarm()
        if process_time() >= role.limit or monotonic() >= self._wall_end:
            role.outlet.send("ran", role.asked.order[0], HUNG, role.limit)
        else:
            bench.run(role.asked, role.outlet, self._driver.progress)
        role.outlet.send("end")

    def _serve(self, bench: Bench, role: Collector) -> None:
        lines = self._taken()
        own, others = self._imports.since(self._before)
        live = Live(self._subject.real)
        facts: CollectedJson = {
            "found": bench.found,
            "sharing": bench.sharing,
            "lines": sorted(lines),
            "is_imported": live.is_imported,
            "seconds": process_time(),
            "own": own,
            "others": others,
        }
        role.outlet.send("collected", facts)
        for asked in requests_of(role.requests):
            answer(role.requests, self._forked(bench, live, asked, role))

    def _forked(self, bench: Bench, live: Live, asked: Asked, role: Collector) -> Child:
        def work(outlet: Outlet) -> None:
            role.requests.close()
            try:
                self._put(asked.mutant, live)
            except NotLive:
                outlet.send("refused")
                return
            bench.run(asked, outlet, self._driver.progress)
            if asked.mutant < 0:
                outlet.send("own", self._imports.since([])[0])
            outlet.send("end")

        return fork(work, self._options["memory_bytes"])

    def _put(self, number: int, live: Live) -> None:
        if number < 0:
            return
        code, place = self._subject.alone(number), self._subject.place_of(number)
        if code is None or place is None:
            raise NotLive
        if live.is_imported:
            live.swap(place.first, code)
        subject = self._subject
        import_as(lambda path: subject.whole(number) if path == subject.real else None)

    def _taken(self) -> FrozenSet[int]:
        if self._tracer is None:
            return frozenset()
        lines = self._tracer.take().get(self._subject.path.replace(os.sep, "/"), ())
        self._tracer.stop()
        return frozenset(lines)
