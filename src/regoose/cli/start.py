"""
The first thing that runs: answers `--help` and `--version` from text files, and leaves the rest to the CLI proper.

The texts are generated from the commands by `scripts/generate_help.py` and checked for staleness by the tests. Nothing
is imported for them but what the interpreter has loaded already: this is why paths are strings here.
"""

import os
import sys

from regoose import __version__

_HELP = os.path.join(os.path.dirname(__file__), "help")


def main() -> int:
    """Run the command in `sys.argv` and return its exit code."""
    arguments = sys.argv[1:]
    answer = _answer(arguments)
    if answer is None:
        from regoose.cli.main import run  # noqa: PLC0415 - typer and rich take longer to import than the help to print

        return run(arguments)
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except BrokenPipeError:  # `regoose --help | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if arguments else 2


def _answer(arguments: list[str]) -> str | None:
    """Return the text for a plain request for help or version, None for any other command."""
    if arguments == ["--version"]:
        return f"regoose {__version__}\n"
    if arguments and arguments[-1] not in {"--help", "-h"}:
        return None
    words = arguments[:-1]
    return _text(words) if documented(words) == words else None


def documented(arguments: list[str]) -> list[str]:
    """Return the leading arguments that name a command."""
    words: list[str] = []
    for argument in arguments:
        if not argument.isalpha() or not os.path.exists(_path([*words, argument])):
            break
        words.append(argument)
    return words


def _path(words: list[str]) -> str:
    return os.path.join(_HELP, "-".join(["regoose", *words]) + ".txt")


def _text(words: list[str]) -> str:
    with open(_path(words), encoding="utf-8") as text:
        return text.read()
