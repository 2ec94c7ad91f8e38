"""Turn a first run that cannot be built upon into an error that says what to mend."""

from __future__ import annotations

import re
from collections.abc import Sequence

from regoose.domain.evidence import CollectionError, Failure, Finding, SuiteReport
from regoose.errors import CollectionFailed, EnvironmentUnavailable, NoTests, TimeLimit

_MISSING = frozenset({"ModuleNotFoundError"})
_NETWORK = frozenset(
    {
        "socket.gaierror",
        "ConnectionError",
        "ConnectionRefusedError",
        "requests.exceptions.ConnectionError",
        "urllib.error.URLError",
        "urllib3.exceptions.MaxRetryError",
        "urllib3.exceptions.NewConnectionError",
        "httpx.ConnectError",
        "httpcore.ConnectError",
        "aiohttp.client_exceptions.ClientConnectorError",
        "aiohttp.client_exceptions.ClientConnectorDNSError",
    }
)
_NETWORK_WORDS = re.compile(
    r"Network is unreachable|Name or service not known|Temporary failure in name resolution|getaddrinfo failed"
)
_OFFLINE = "network"
_NO_MODULE = re.compile(r"No module named '([^']+)'")


def require_tests(report: SuiteReport) -> None:
    """
    Return where the report has at least one test and tells what each did.

    Raises `NoTests`, `CollectionFailed` (with file, exception and line), `EnvironmentUnavailable` where a dependency
    is missing, and `TimeLimit` where the suite did not end in its time.
    """
    if report.collected and not report.timed_out:
        return
    if report.collection_errors and not report.collected:
        raise cannot_collect(report.collection_errors)
    if report.timed_out:
        raise TimeLimit(
            f"The tests did not end: {report.problem}.",
            hint="Raise TESTING_TIMEOUT (seconds for one run of all tests), or name those to repair with --test.",
        )
    if report.consistent:
        raise NoTests("pytest collects no test in this repository.")
    raise CollectionFailed(
        f"The tests could not be run: {report.problem}.",
        hint=f"pytest said: {report.output_tail[-300:].strip()}" if report.output_tail.strip() else None,
    )


def environment_findings(report: SuiteReport) -> tuple[Finding, ...]:
    """Name the tests that are red for want of a module or of the network, which no patch can mend."""
    findings = [_finding(error.path, 0, rule, what) for error in report.collection_errors for rule, what in _why(error)]
    for case in report.cases:
        if case.outcome.is_red and case.failure is not None:
            path = case.failure.path or case.id.partition("::")[0]
            findings += [_finding(path, case.failure.line, rule, what) for rule, what in _why(case.failure)]
    return tuple(dict.fromkeys(findings))


def needs_environment(failure: Failure) -> bool:
    """Whether the failure is for want of a module or of the network."""
    return bool(_why(failure))


def unavailable(test: str, failure: Failure) -> EnvironmentUnavailable:
    """Return the error for a test that fails for want of a module or of the network."""
    ((rule, what),) = _why(failure)
    hint = "Make the test work without it, e.g. by a local server, or name the tests to repair with --test."
    said = f"{failure.exception}: {failure.message}".partition("\n")[0]
    return EnvironmentUnavailable(
        f"{test} cannot pass here: {what}; it says {said}", hint=hint if rule == _OFFLINE else None
    )


def _why(failure: Failure | CollectionError) -> list[tuple[str, str]]:
    name, message = failure.exception, failure.message
    module = _NO_MODULE.search(message)
    if name in _MISSING and module:
        return [("missing-dependency", f"the module {module.group(1)!r} is not installed")]
    if name in _NETWORK or _NETWORK_WORDS.search(message):
        return [(_OFFLINE, "it needs the network, which the sandbox does not give")]
    return []


def _finding(path: str, line: int, rule: str, message: str) -> Finding:
    return Finding("environment", rule, path, line, message, blocking=False)


def cannot_collect(errors: Sequence[CollectionError]) -> CollectionFailed | EnvironmentUnavailable:
    """Return the error for files that cannot be collected; there is at least one."""
    first = errors[0]
    more = f" ({len(errors) - 1} more files cannot be collected either)" if len(errors) > 1 else ""
    text = f"{first.path or 'pytest'} cannot be collected: {first.exception}: {first.message}{more}"
    modules = [
        module.group(1)
        for error in errors
        if error.exception in _MISSING and (module := _NO_MODULE.search(error.message))
    ]
    if len(modules) == len(errors):
        names = " ".join(dict.fromkeys(name.partition(".")[0] for name in modules))
        return EnvironmentUnavailable(
            text, hint=f"Install what provides {names} in the repository's environment (e.g. `.venv`), then run again."
        )
    return CollectionFailed(text)
