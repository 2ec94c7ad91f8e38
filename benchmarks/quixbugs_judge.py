"""
Compare a repaired QuixBugs program with its reference on generated inputs; started in a process of its own.

    python benchmarks/quixbugs_judge.py PROGRAM REPAIRED_FILE REFERENCE_FILE

Prints one JSON object: `{"compared": number of inputs, "difference": null or a sentence}`. Inputs on which the
reference itself raises are left out. Results count as equal as in the published tests: generators are
materialised, linked lists and orderings are read as values, and a root may be off by the tolerance asked for.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import math
import resource
import signal
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from quixbugs_inputs import Arguments, Node, inputs_of

CALL_SECONDS = 2.0
MEMORY_BYTES = 1 << 30
LONGEST_LIST = 10_000


class TooSlow(BaseException):
    """A call went over its time; no `except Exception` of a program under test catches it."""


def load(path: Path, program: str) -> Callable[..., object]:
    """Import a file and return the function named like the program."""
    spec = importlib.util.spec_from_file_location(program, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Callable[..., object]", getattr(module, program))


def _list_values(head: object) -> Iterator[object]:
    node, count = head, 0
    while isinstance(node, Node) and count < LONGEST_LIST:
        yield node.value
        node, count = node.successor, count + 1


def plain(result: object) -> object:
    """Turn a result into something that `==` compares."""
    if isinstance(result, Node):
        return ("linked list", list(_list_values(result)))
    if isinstance(result, types.GeneratorType | filter | map | zip):
        stream = cast("Iterator[object]", result)
        return [plain(item) for _, item in zip(range(LONGEST_LIST), stream, strict=False)]
    if isinstance(result, list | tuple):
        items = cast("list[object] | tuple[object, ...]", result)
        return [item.value if isinstance(item, Node) else plain(item) for item in items]
    if isinstance(result, dict):
        table = cast("dict[object, object]", result)
        return dict(table)
    return result


def answer(function: Callable[..., object], arguments: Arguments) -> tuple[str, object]:
    """Call on a copy of the arguments; return `value` and the plain result, or `raised` and the exception's name."""
    signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
    try:
        return "value", plain(function(*copy.deepcopy(arguments)))
    except Exception as problem:  # noqa: BLE001 - any exception of the program under test is its answer
        return "raised", type(problem).__name__
    except TooSlow:
        return "raised", "TooSlow"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def same(program: str, arguments: Arguments, expected: object, got: object) -> bool:
    """Compare two plain results in the way of the published tests."""
    if program == "sqrt":
        tolerance = cast("float", arguments[1])
        return isinstance(got, int | float) and abs(got - cast("float", expected)) <= tolerance
    if isinstance(expected, float) and isinstance(got, int | float):
        return (
            got == expected or math.isclose(got, expected, rel_tol=1e-9) or (math.isnan(got) and math.isnan(expected))
        )
    return bool(expected == got)


def judge(program: str, repaired: Path, reference: Path) -> dict[str, object]:
    """Compare on every input until one differs."""
    right = load(reference, program)
    try:
        candidate = load(repaired, program)
    except Exception as problem:  # noqa: BLE001 - a repair that cannot be imported is wrong, whatever it raises
        return {"compared": 0, "difference": f"cannot be imported: {problem!r}"}
    compared = 0
    for arguments in inputs_of(program):
        kind, expected = answer(right, arguments)
        if kind == "raised":
            continue
        compared += 1
        got_kind, got = answer(candidate, arguments)
        if got_kind == "raised" or not same(program, arguments, expected, got):
            shown = ", ".join(repr(argument)[:120] for argument in arguments)
            return {
                "compared": compared,
                "difference": f"{program}({shown}): {got!r:.120} instead of {expected!r:.120}",
            }
    return {"compared": compared, "difference": None}


def _on_alarm(_signal: int, _frame: types.FrameType | None) -> None:
    raise TooSlow


def main() -> None:
    """Judge one program under limits of time and memory."""
    program, repaired, reference = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGALRM, _on_alarm)
    print(json.dumps(judge(program, Path(repaired), Path(reference))))


if __name__ == "__main__":
    main()
