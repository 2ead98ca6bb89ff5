"""Random damage to files, and commands run in this process."""

import sys

import pytest
from hypothesis import strategies as st

from hierbatch.cli import app as application

edits = st.lists(
    st.tuples(st.sampled_from(["cut", "zero", "flip", "repeat", "insert"]), st.floats(0, 1), st.binary(max_size=8)),
    min_size=1,
    max_size=4,
)


def edited(content: bytes, changes) -> bytes:
    """Content with random damage."""
    for kind, place, more in changes:
        at = int(place * len(content))
        content = {
            "cut": content[:at],
            "zero": content[:at] + bytes(min(64, len(content) - at)) + content[at + 64 :],
            "flip": content[:at] + more + content[at + len(more) :],
            "repeat": content + content[at:],
            "insert": content[:at] + more + content[at:],
        }[kind]
    return content


def exit_code(*words) -> int:
    """Exit code of a command in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["hierbatch", *map(str, words)])
        try:
            application.main()
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0
