"""What a role of the user's own handed in and changed, for a terminal."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from regoose.cli.showing import cost, diff, table
from regoose.domain.ask import AskResult


def show_asked(console: Console, result: AskResult) -> None:
    """Show what was handed in, the patch where there is one, and what it cost."""
    console.print(Text(f"The {result.role} handed in:", style="bold"))
    console.print(Text(json.dumps(json.loads(result.output), indent=2, ensure_ascii=False)))
    console.print()
    if result.patch.edits:
        diff(console, result.patch)
    for finding in result.refused:
        console.print(Text(f"refused: {finding.path}: {finding.message}", style="yellow"))
    facts = [("models", ", ".join(dict.fromkeys(name for _, name in result.models))), ("cost", cost(result.cost))]
    table(console, [*facts, ("run", f"{result.run_id} ({result.seconds:.1f} s)")])
