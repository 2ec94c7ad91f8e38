"""A page as a browser reads it, for tests of what writes pages."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "hr", "input"})


class Page(HTMLParser):
    """
    The text of a page, its tags and attributes, what its links point at and where they could.

    Raises `ValueError` where an element is closed that was not the last opened.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        """Elements that are never closed."""
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.anchors: list[str] = []
        self._words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name == "href"}
        self.anchors += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of one."""
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        """Note text that is shown."""
        if "style" not in self.open:
            self._words.append(data)

    @property
    def text(self) -> str:
        """All text, without the style sheet's."""
        return "".join(self._words)
