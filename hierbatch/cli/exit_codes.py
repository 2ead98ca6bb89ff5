"""What the command line tells the shell."""

OK = 0
BAD_INPUT = 2
FAILED_ROWS = 3
"""Done, but rows failed, or a file does not pass its check."""
STOPPED = 75
"""Stopped by the disk; the same command goes on."""
INTERRUPTED = 130
