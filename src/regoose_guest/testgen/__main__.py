"""Run the test generator: `python -m regoose_guest.testgen --options FILE`."""

from regoose_guest.testgen.command import main

if __name__ == "__main__":
    main()
