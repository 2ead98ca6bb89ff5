"""Jobs. Each one is a frozen dataclass and the function that runs it."""
