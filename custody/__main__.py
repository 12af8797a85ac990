"""`python -m custody` is the `hyohon` command, where scripts are not on the path."""

from custody.cli import main

main()
