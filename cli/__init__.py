"""The `gameforge` command line. JSON goes to stdout alone, everything else to stderr."""

from cli.main import main

__all__ = ["main"]
