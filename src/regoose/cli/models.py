"""`regoose doctor --models`: which models are set, and what each can do."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from regoose.domain.preflight import Preflight
from regoose.reports.json import Document


def models_document(found: Sequence[Preflight]) -> Document:
    """Return what was found out about each model."""
    return {
        "models": [
            {
                "model": one.model,
                "roles": list(one.roles),
                "endpoint": one.endpoint,
                "suitable": one.suitable,
                "trials": [
                    {"name": trial.name, "passed": trial.passed, "says": trial.says, "hint": trial.hint}
                    for trial in one.trials
                ],
                "usd": one.usd,
            }
            for one in found
        ]
    }


def show_models(out: Console, found: Sequence[Preflight]) -> None:
    """Show each model with its trials."""
    for one in found:
        where = f"  at {one.endpoint}" if one.endpoint else ""
        mark = ("✓ ", "green") if one.suitable else ("✗ ", "red")
        out.print(Text.assemble(mark, (one.model, "bold"), where, f"  ({', '.join(one.roles)})"))
        width = max(len(trial.name) for trial in one.trials)
        for trial in one.trials:
            sign = ("✓ ", "green") if trial.passed else ("✗ ", "red")
            out.print(Text.assemble("  ", sign, trial.name.ljust(width), "  ", trial.says))
            if trial.hint and not trial.passed:
                out.print(Text.assemble("    ", " " * width, "  ", ("hint: ", "bold cyan"), trial.hint))
    out.print(Text(f"Trying them cost ${sum(one.usd for one in found):.4f}."))
