"""The start of every `regoose` command: the launcher, the console script and `python -m regoose` come here."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the current directory, by `python -m`: nothing of a checkout is imported into this process

from regoose.cli.start import main

if __name__ == "__main__":
    raise SystemExit(main())
