"""Readers of the takes of a run, which select the best take of each row."""
