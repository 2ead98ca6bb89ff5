"""A job is one frozen dataclass and one function."""
