"""A table inside a page that people write: only what stands between two marks is the program's."""

from __future__ import annotations

from pathlib import Path

from hierbatch.errors import InputError

BEGIN = "<!-- evaluation table: written by `hierbatch evaluate` -->"
END = "<!-- end of evaluation table -->"


def page_with_table(path: Path, table: str) -> str:
    """The page at `path` with the table between its marks; a new page where there is none.

    Raises:
        InputError: there is a page already and it has no place for the table, or it cannot be read.
    """
    marked = f"{BEGIN}\n{table.strip()}\n{END}"
    if not path.exists():
        return f"{marked}\n"
    try:
        before, begins, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The page {path} cannot be read", wanted="a text file", got=str(error)) from error
    _, ends, after = rest.partition(END)
    if not begins or not ends:
        raise InputError(
            f"{path} has no place for the table",
            wanted=f"the lines {BEGIN} and {END}",
            mend="put them where the table belongs, or choose a name that is free",
        )
    return before + marked + after
