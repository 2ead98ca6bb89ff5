"""A run as a data set that other tools open as they open their own."""
