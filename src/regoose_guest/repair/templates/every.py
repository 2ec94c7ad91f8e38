"""All templates, by where they apply."""

from __future__ import annotations

from typing import Tuple

from regoose_guest.repair.templates import (
    calls,
    conditions,
    constants,
    containers,
    insertions,
    names,
    operators,
    returns,
    statements,
    values,
)
from regoose_guest.repair.templates.site import ExpressionTemplate, StatementTemplate

EXPRESSIONS: Tuple[ExpressionTemplate, ...] = (
    *operators.TEMPLATES,
    *conditions.TEMPLATES,
    *constants.TEMPLATES,
    *names.TEMPLATES,
    *calls.TEMPLATES,
    *containers.TEMPLATES,
    *values.TEMPLATES,
)
"""For every expression of a suspicious statement."""
STATEMENTS: Tuple[StatementTemplate, ...] = (*statements.TEMPLATES, *returns.TEMPLATES)
"""For every suspicious statement."""
INSERTIONS: Tuple[StatementTemplate, ...] = insertions.TEMPLATES
"""For the most suspicious statements only: there are many of them."""
