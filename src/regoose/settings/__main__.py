"""Write `.env.example`: `python -m regoose.settings > .env.example`."""

from __future__ import annotations

import sys

from regoose.settings import example

if __name__ == "__main__":
    sys.stdout.write(example())
