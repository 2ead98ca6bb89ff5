"""Exit codes of the command line."""

OK = 0
BAD_INPUT = 2
FAILED_ROWS = 3
"""Finished, but rows failed or a file failed its check."""
STOPPED = 75
"""Stopped early, e.g. by a full disk; the same command resumes."""
INTERRUPTED = 130
