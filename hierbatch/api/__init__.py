"""Python interface: functions and values for notebooks and pipelines."""
