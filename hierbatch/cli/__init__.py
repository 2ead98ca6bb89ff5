"""Command line interface: the only package that prints and sets exit codes."""
