"""Authors that need no model: they search."""
