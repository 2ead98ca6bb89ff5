"""Local web page to listen to a run, decide about its takes, and repeat single sentences."""
