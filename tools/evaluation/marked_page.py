"""Generated table inside a hand-written Markdown page: only the text between two markers is replaced."""

from __future__ import annotations

from pathlib import Path

from hierbatch.errors import InputError

BEGIN = "<!-- evaluation table: written by `python -m tools.evaluation` -->"
END = "<!-- end of evaluation table -->"


def page_with_table(path: Path, table: str) -> str:
    """Text of the page at `path` with the table between its markers; without a page, only the table and markers.

    Raises:
        InputError: the existing page has no markers or cannot be read.
    """
    marked = f"{BEGIN}\n{table.strip()}\n{END}"
    if not path.exists():
        return f"{marked}\n"
    try:
        before, begins, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The page {path} cannot be read", expected="a text file", got=str(error)) from error
    _, ends, after = rest.partition(END)
    if not begins or not ends:
        raise InputError(
            f"{path} has no place for the table",
            expected=f"the lines {BEGIN} and {END}",
            fix="add these lines where the table belongs, or choose another file name",
        )
    return before + marked + after
