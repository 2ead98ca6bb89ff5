"""Jobs: what a command of the program does, as a frozen dataclass of its inputs and a function that runs it."""
