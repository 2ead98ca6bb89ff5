"""What notebooks and reports read."""
