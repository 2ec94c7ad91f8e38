"""Run mutation analysis: `python -m regoose_guest.mutation --options FILE`."""

import sys

from regoose_guest.mutation.command import main

if __name__ == "__main__":
    main(sys.argv[2])
