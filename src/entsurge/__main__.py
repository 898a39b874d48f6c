"""`python -m entsurge` is `entsurge`."""

from entsurge.cli import main

main()
