"""The command line. `start` answers help and version by itself; everything else is in `main` and its groups."""
