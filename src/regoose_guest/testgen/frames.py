"""Where in the module under test an exception came from."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any, Optional, Set, Tuple


def is_accident(error: Optional[BaseException], file: str, raising: Set[int]) -> bool:
    """Whether an exception says that the arguments do not fit, rather than that the program refused them."""
    if not isinstance(error, (TypeError, AttributeError, NameError)):
        return False
    line = innermost(error, file)[0]
    return line not in raising


def innermost(error: BaseException, file: str) -> Tuple[int, bool]:
    """Return the line of the innermost frame in a file, 0 where there is none, and whether nothing is below it."""
    trace: Any = error.__traceback__
    line, is_last = 0, False
    base = os.path.basename(file)
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(base) and _real(name) == file:
            line, is_last = trace.tb_lineno, trace.tb_next is None
        trace = trace.tb_next
    return line, is_last


@lru_cache(maxsize=1024)
def _real(name: str) -> str:
    return os.path.realpath(name)
