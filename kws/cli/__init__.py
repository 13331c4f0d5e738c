"""The command line: `kws COMMAND`.

Each command lives in a module of its own, which declares its options and calls the package that
does the work.  Those packages are imported inside the command, so that `kws --help` is quick and
`kws replay` never loads what only the daemon needs.
"""

from kws.cli.app import main

__all__ = ["main"]
