"""The start of every `regoose` command: the launcher, the console script and `python -m regoose` come here."""

from regoose.cli.start import main

if __name__ == "__main__":
    raise SystemExit(main())
