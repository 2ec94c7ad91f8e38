"""Authors that use a language model: roles, the loop that runs them, and the tools they are given."""
