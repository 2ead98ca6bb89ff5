"""Jobs behind the commands: each is a frozen dataclass of inputs and a function that runs it."""
