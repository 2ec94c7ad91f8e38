"""What all pages share: the templates, and text of others made inert."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from regoose.reports.source import printable
from regoose.reports.wording import plural


def page(template: str, **values: object) -> str:
    """Return a page; its template has the filters `shown` (plain text) and `prose`, and the function `plural`."""
    loader = PackageLoader("regoose.reports", "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters["shown"] = printable
    environment.filters["prose"] = prose
    return environment.get_template(template).render(plural=plural, **values)


def prose(text: str) -> Markup:
    """Return a sentence as HTML, with what stands between backticks set as code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner is just a character
        return escape(printable(text))
    pieces = (Markup("<code>{}</code>").format(part) if at % 2 else escape(part) for at, part in enumerate(parts))
    return Markup("").join(pieces)
