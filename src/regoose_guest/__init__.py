"""
What runs inside the sandbox, on the target repository's own interpreter (Python 3.9 to 3.13).

Mounted read-only at one place and put on the path under a name no target uses. It knows nothing of
`regoose`: standard library only (and pytest, in the plugins), no I/O at import.
"""
