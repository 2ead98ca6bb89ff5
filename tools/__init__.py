"""Commands for developers, outside the package."""
