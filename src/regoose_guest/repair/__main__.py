"""Start the engine: `python -m regoose_guest.repair --options FILE`, or with flags while developing it."""

from __future__ import annotations

import sys

from regoose_guest.repair.command import main

sys.exit(main(sys.argv[1:]))
