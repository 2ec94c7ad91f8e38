"""
Apply true edits of real repositories after damaging them as models do, and edits that must be refused.

`edits.py HALF --mirrors FOLDER`, where HALF is `design` (tune on it), `measure` or `second`, and the folder holds a
bare repository `<owner>+<name>/repo` for each repository that `corpora/edits.toml` lists.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark_tools import Table, progress
from edit_cases import Case, refused_cases, right_cases
from edit_corpus import TrueEdit, repositories, true_edits

from regoose.workspace.edits import Applied, Edit, Refused, Replace, Tally, apply_edits


@dataclass(slots=True)
class Score:
    """What became of the cases of one kind."""

    right: int = 0
    identical: int = 0
    refused: int = 0
    wrong: int = 0
    exact: int = 0
    """Those that looking for the exact text alone would have applied rightly."""
    exact_wrong: int = 0

    @property
    def cases(self) -> int:
        """How many there were."""
        return self.right + self.refused + self.wrong


@dataclass(slots=True)
class Scores:
    """All results, by kind, and what to look at."""

    placed: dict[str, Score] = field(default_factory=lambda: defaultdict[str, Score](Score))
    refused: dict[str, Score] = field(default_factory=lambda: defaultdict[str, Score](Score))
    tally: Tally = field(default_factory=Tally)
    shown: list[str] = field(default_factory=list[str])
    slowest: float = 0.0


def judge(case: Case, scores: Scores, show: str) -> None:
    """Apply one case and count what became of it."""
    files = {path: text.encode() for path, text in case.files.items()}
    began = time.perf_counter()
    outcome = apply_edits(case.edits, files.get, case.paths)
    scores.slowest = max(scores.slowest, time.perf_counter() - began)
    scores.tally += Tally.of(outcome)
    score = (scores.refused if case.wanted is None else scores.placed)[case.kind]
    result = _result(outcome, case.path)
    if result is None:
        score.refused += 1
        verdict = "refused"
    elif case.wanted is not None and _normal(result) == _normal(case.wanted):
        score.right += 1
        score.identical += result == case.wanted
        verdict = "right"
    else:
        score.wrong += 1
        verdict = "wrong"
    plain = _exactly(case.files[case.path], case.edits)
    if plain is not None:
        if case.wanted is not None and _normal(plain) == _normal(case.wanted):
            score.exact += 1
        else:
            score.exact_wrong += 1
    if show in {verdict, f"{case.kind}={verdict}"}:
        scores.shown.append(_described(case, outcome.message(), result))


def _written(case: Case) -> list[str]:
    """Write a case as a line of JSON, where it is one block whose path is right."""
    edit = case.edits[0]
    if not isinstance(edit, Replace) or case.kind.startswith(("path", "diff")):
        return []
    texts = {"search": edit.search, "replace": edit.replace, "before": case.files[case.path], "wanted": case.wanted}
    return [json.dumps({"kind": case.kind, **texts}) + "\n"]


def _result(outcome: Applied | Refused, path: str) -> str | None:
    if isinstance(outcome, Refused):
        return None
    return next((edit.after for edit in outcome.patch.edits if edit.path == path), None)


def _normal(text: str) -> list[str]:
    """Compare lines with blanks at their ends and blank lines aside."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _exactly(text: str, edits: Sequence[Edit]) -> str | None:
    """Apply an edit by its exact text alone, as the simplest harness does; None where it is refused."""
    edit = edits[0]
    if not isinstance(edit, Replace) or text.count(edit.search) != 1 or len(edits) > 1:
        return None
    return text.replace(edit.search, edit.replace)


def _described(case: Case, message: str, result: str | None) -> str:
    edit = case.edits[0]
    texts = f"{edit.search}=======\n{edit.replace}" if isinstance(edit, Replace) else str(edit)
    return f"##### {case.kind} {case.name} {edit.path}\n{texts}-----\n{message}\n" + (
        "" if result is None or case.wanted is None else f"----- differs\n{_difference(result, case.wanted)}\n"
    )


def _difference(result: str, wanted: str) -> str:
    import difflib  # noqa: PLC0415 - for looking at single cases alone

    return "\n".join(
        difflib.unified_diff(wanted.splitlines(), result.splitlines(), "wanted", "result", lineterm="", n=1)
    )


def cases(edits: Sequence[TrueEdit]) -> Iterator[Case]:
    """Yield all cases of some edits, the same at every run."""
    for edit in edits:
        rng = random.Random(edit.name)
        yield from right_cases(edit, rng)
        yield from refused_cases(edit, edits, rng)


def main() -> None:
    """Run one half and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("half", choices=("design", "measure", "second"))
    parser.add_argument("--mirrors", type=Path, required=True)
    parser.add_argument("--edits", type=int, default=20, help="true edits of each repository")
    parser.add_argument("--show", default="", help="print cases with this verdict: wrong, or KIND=refused")
    parser.add_argument("--write-cases", type=Path, help="write the search/replace cases there, for edits_peer.py")
    options = parser.parse_args()
    scores = Scores()
    written: list[str] = []
    for name, head in repositories(options.half).items():
        mirror = options.mirrors / name.replace("/", "+") / "repo"
        found = list(true_edits(mirror, name, head, options.edits))
        for case in cases(found):
            judge(case, scores, options.show)
            written += _written(case)
        progress(f"{name}: {len(found)} edits")
    if options.write_cases:
        options.write_cases.write_text("".join(written), encoding="utf-8")
    for text in scores.shown:
        print(text)
    _report(scores)


def _report(scores: Scores) -> None:
    table = Table(("damage", "edits", "rightly", "%", "byte for byte", "refused", "wrongly", "exact text alone"))
    total = Score()
    for kind, score in scores.placed.items():
        _row(table, kind, score)
        for name in ("right", "identical", "refused", "wrong", "exact"):
            setattr(total, name, getattr(total, name) + getattr(score, name))
    _row(table, "all", total)
    print(table.markdown(), end="\n\n")
    table = Table(("must be refused", "edits", "refused", "applied", "exact text alone applied"))
    for kind, score in scores.refused.items():
        table.add(kind, score.cases, score.refused, score.wrong, score.exact_wrong)
    print(table.markdown(), end="\n\n")
    print(scores.tally.counts, f"slowest: {scores.slowest:.2f} s")


def _row(table: Table, kind: str, score: Score) -> None:
    share = 100 * score.right / max(1, score.cases)
    table.add(kind, score.cases, score.right, share, score.identical, score.refused, score.wrong, score.exact)


if __name__ == "__main__":
    main()
