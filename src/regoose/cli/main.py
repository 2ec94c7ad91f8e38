"""The command line put together, and the one place where any error becomes a message and an exit code."""

from __future__ import annotations

import typer

from regoose.cli.console import Terminal
from regoose.errors import RegooseError

INTERRUPTED = 130


def build() -> typer.Typer:
    """Return the application with every command; the help texts are generated from it."""
    app = typer.Typer(
        name="regoose",
        help="The coding agent that proves its work.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,  # help is plain text: the same in a file, a pipe and a terminal
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    return app


def _root() -> None:
    """Make failing tests pass and prove it: red before, green after, one command to rerun."""


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code. Nothing escapes but `SystemExit` of the interpreter itself."""
    terminal = Terminal(as_json="--json" in arguments)
    try:
        code: object = build()(arguments, prog_name="regoose", standalone_mode=False)
    except RegooseError as error:
        terminal.error(type(error).__name__, error.message, error.hint)
        return error.exit_code
    except typer.TyperException as error:
        terminal.error("UsageError", error.format_message(), "See `regoose --help`.")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        terminal.error("Interrupted", "Interrupted.", "")
        return INTERRUPTED
    return code if isinstance(code, int) else 0
