"""Export of a run as a speech corpus in the native formats of other tools."""
