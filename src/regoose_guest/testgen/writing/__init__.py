"""From cases to the text of a pytest file that an engineer would merge."""

from __future__ import annotations

from typing import Sequence

from regoose_guest.testgen.case import Case
from regoose_guest.testgen.schema import StyleJson
from regoose_guest.testgen.writing.file import write_file
from regoose_guest.testgen.writing.oddities import odd, sift, worth_telling


def write(module: str, cases: Sequence[Case], style: StyleJson, source: str = "") -> str:
    """
    Return the text of a whole test file; empty where there is no case.

    `module` is the dotted name under which tests import the module, `source` its text: it gives the order of the
    tests and the names of arguments, and tells the module's own names from built-in ones.
    """
    return write_file(module, cases, style, source)


__all__ = ["odd", "sift", "worth_telling", "write"]
