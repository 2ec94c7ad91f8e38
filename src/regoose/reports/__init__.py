"""Evidence as people and programs read it: HTML, JSON, Markdown. Pure functions of a result; they write nothing."""
