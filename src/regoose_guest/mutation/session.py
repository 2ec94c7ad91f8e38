"""The pytest session that mutation analysis lives in: it forks before conftests load, and again after collection."""

from __future__ import annotations

import copy
import os
from collections.abc import Generator
from time import process_time
from typing import Any, FrozenSet, List, Optional

import pytest

from regoose_guest.addopts import kept_options
from regoose_guest.forks import Child, Outlet, fork
from regoose_guest.items import HUNG, arm, disarm
from regoose_guest.mutation.driver import Driver
from regoose_guest.mutation.live import Live, NotLive, import_as
from regoose_guest.mutation.roles import Asked, Become, Collector, Importer, Role, answer, requests_of
from regoose_guest.mutation.schema import OptionsJson, ResultJson
from regoose_guest.mutation.subject import Subject
from regoose_guest.mutation.trial import Bench
from regoose_guest.tracing import Tracer, make_tracer


class Driven(BaseException):
    """Ends the driving process's session: there is a result."""

    def __init__(self, result: ResultJson) -> None:
        super().__init__()
        self.result = result


class Session:
    """The plugin. In the driving process it never gets beyond the first hook."""

    def __init__(self, options: OptionsJson, subject: Subject, driver: Driver) -> None:
        self._options = options
        self._subject = subject
        self._driver = driver
        self._ids = [test["id"] for test in options["tests"]]
        self._broken: List[str] = []
        self._tracer: Optional[Tracer] = None
        self._has_begun = False
        self.role: Optional[Role] = None

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config, parser: pytest.Parser, args: List[str]
    ) -> Generator[None, None, None]:
        """Leave out of `addopts` what cannot hold here; then drive, or go on as what was forked."""
        known: Any = early_config.known_args_namespace
        args[:] = kept_options(args, selecting=True)
        again: Any = parser.parse_known_args(args, namespace=copy.copy(early_config.option))
        again.confcutdir = known.confcutdir
        early_config.known_args_namespace = again
        try:
            result = self._driver.run()
        except Become as become:
            self.role = become.role
        else:
            raise Driven(result)
        self._begin(self.role)
        yield

    def _begin(self, role: Role) -> None:
        if isinstance(role, Importer):
            code = self._subject.whole(role.asked.mutant)
            if code is None:
                raise AssertionError
            arm(role.limit, 4 * role.limit + 2)
            import_as(self._subject.real, lambda: code)
        else:
            self._tracer = make_tracer(self._options["root"])
            self._tracer.start()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Collect the files of the wanted tests alone."""
        wanted = self._ids
        if isinstance(self.role, Importer):
            wanted = [self._ids[number] for number in self.role.asked.order]
        files = dict.fromkeys(name.partition("::")[0] for name in wanted)
        paths = [os.path.join(self._options["root"], name) for name in files]
        session.config.args[:] = [path for path in paths if os.path.exists(path)] or [os.devnull]

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
            disarm()
            if process_time() >= self.role.limit:
                self.role.outlet.send("ran", self.role.asked.order[0], HUNG, self.role.limit)
                self.role.outlet.send("end")
            else:
                bench.run(self.role.asked, self.role.outlet)
        elif isinstance(self.role, Collector):
            self._serve(bench, self.role)
        return True

    def finish(self) -> None:
        """Say, where pytest gave up before the tests, that nothing works."""
        if not self._has_begun and isinstance(self.role, Importer):
            disarm()
            Bench(self._ids, [], [""]).run(self.role.asked, self.role.outlet)

    def _serve(self, bench: Bench, role: Collector) -> None:
        lines = self._taken()
        live = Live(self._subject.real)
        role.outlet.send("collected", bench.found, sorted(lines), live.is_imported, process_time())
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
            bench.run(asked, outlet)

        return fork(work, self._options["memory_bytes"])

    def _put(self, number: int, live: Live) -> None:
        if number < 0:
            return
        code, place = self._subject.alone(number), self._subject.place_of(number)
        if code is None or place is None:
            raise NotLive
        if live.is_imported:
            live.swap(place.first, code)
        whole = self._subject.whole
        import_as(self._subject.real, lambda: whole(number) or self._subject.code)

    def _taken(self) -> FrozenSet[int]:
        if self._tracer is None:
            return frozenset()
        lines = self._tracer.take().get(self._subject.path.replace(os.sep, "/"), ())
        self._tracer.stop()
        return frozenset(lines)
