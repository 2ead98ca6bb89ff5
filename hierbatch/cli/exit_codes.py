"""What the command line tells the shell."""

OK = 0
NOT_THE_SAME = 1
"""A network does not give what the published one gave."""
BAD_INPUT = 2
FAILED_ROWS = 3
"""Done, but rows failed, or a file does not pass its check."""
STOPPED = 75
"""Stopped by the disk; the same command goes on."""
INTERRUPTED = 130
