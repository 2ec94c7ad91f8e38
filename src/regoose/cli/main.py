"""The command line put together, and the one place where any error becomes a message and an exit code."""

from __future__ import annotations

import shlex
import sys
import time
import traceback
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from regoose import __version__
from regoose.cli import prompts, runs
from regoose.cli.asking import Asker, asker
from regoose.cli.console import Terminal, accept_all
from regoose.cli.demo import demo
from regoose.cli.doctor import doctor
from regoose.cli.generate import write_tests
from regoose.cli.repair import fix, prove
from regoose.cli.shell import Connect, Flags, Services, Shell
from regoose.cli.solve import solve
from regoose.cli.start import documented
from regoose.errors import RegooseError
from regoose.settings import debugging

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


def build() -> typer.Typer:
    """Return the application with every command; the help texts are generated from it."""
    app = typer.Typer(
        name="regoose",
        help="The coding agent that proves its work: red before, green after, one command to rerun.",
        epilog="Exit codes: 0 proven or done; 1 not proven; 2 wrong usage or input; 3 this machine cannot; "
        "4 a limit was reached; 5 refused by policy; 130 interrupted, resumable.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,  # help is plain text: the same in a file, a pipe and a terminal
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root)
    app.command("fix")(fix)
    app.command("test", short_help="Write tests for code that has none.")(write_tests)
    app.command("solve", short_help="Carry out a requirement with a language model.")(solve)
    app.command("prove", short_help="Run a proof again.")(prove)
    app.command("demo", short_help="Repair the example repository.")(demo)
    app.command("doctor", short_help="Show what this machine can do.")(doctor)
    runs.register(app)
    prompts.register(app)
    return app


def _root(
    *,
    version: Annotated[bool, typer.Option("--version", is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Answer what no command is needed for."""
    if version:
        sys.stdout.write(f"regoose {__version__}\n")
        raise typer.Exit


def run(arguments: list[str], connect: Connect | None = None, ask: Asker | None = None) -> int:
    """
    Run one command and return its exit code: the last place that an error can reach.

    `connect` wires the services, the composition root's by default; `ask` asks a person, at the terminal by default.
    """
    accept_all()
    terminal = Terminal(as_json="--json" in arguments)
    shell = Shell(terminal, connect or _connect, program(), ask or asker(terminal))
    try:
        code: object = build()(arguments, prog_name="regoose", standalone_mode=False, obj=shell)
    except RegooseError as error:
        terminal.error(type(error).__name__, error.message, shell.command(error.hint), shell.run_id)
        return error.exit_code
    except typer.TyperException as error:
        words = " ".join(["regoose", *documented(arguments)])
        terminal.error("UsageError", error.format_message(), shell.command(f"See `{words} --help`."))
        return WRONG_USAGE
    except BrokenPipeError:
        return FAILED
    except Exception as error:  # noqa: BLE001 - the CLI's boundary: a bug ends in a message and a log, not in a trace
        _unexpected(terminal, error, shell.run_id)
        return FAILED
    if code == INTERRUPTED:  # typer makes this of a KeyboardInterrupt
        resume = shell.command(f"regoose runs resume {shell.run_id}") if shell.run_id else ""
        terminal.error("Interrupted", "interrupted" + ("; resumable" if resume else ""), resume, shell.run_id)
        return INTERRUPTED
    return shell.codes[-1] if shell.codes else code if isinstance(code, int) else 0


def program() -> str:
    """Return how the user calls Regoose: by the launcher of a checkout, or by its name."""
    started = Path(sys.argv[0]).absolute()
    launcher = started.parents[2] / "regoose" if started.name == "__main__.py" else None
    return shlex.quote(str(launcher)) if launcher is not None and launcher.is_file() else "regoose"


def _connect(repository: Path | None, flags: Flags) -> AbstractAsyncContextManager[Services]:
    from regoose.app import connect  # noqa: PLC0415 - wires every room, which a wrong option need not wait for

    return connect(repository, flags)


def _unexpected(terminal: Terminal, error: Exception, run_id: str | None) -> None:
    trace = "".join(traceback.format_exception(error))
    if debugging():
        sys.stderr.write(trace)
    summary = f"unexpected {type(error).__name__}: {error}"
    try:
        log = platformdirs.user_log_path("regoose", ensure_exists=True) / f"error-{time.time_ns()}.log"
        log.write_text(trace, encoding="utf-8")
    except OSError as unwritable:
        terminal.error(
            "InternalError", summary, f"No log could be written ({unwritable}); set REGOOSE_DEBUG=1.", run_id
        )
        return
    terminal.error("InternalError", summary, f"This is a bug in Regoose. The record for a bug report: {log}", run_id)
